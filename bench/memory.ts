import { readFile } from 'node:fs/promises';

/** MiB. */
export interface Memory {
  /** Resident: what `kubectl top` comes near to. */
  readonly rss: number;
  /** Resident, pages that several processes share being divided among them. */
  readonly pss: number;
  /** The part of it that belongs to this process alone and cannot be dropped. The rest is mostly the program's file. */
  readonly anonymous: number;
  /** The highest RSS so far. */
  readonly peak: number;
}

const KIB_PER_MIB = 1_024;

export async function memoryOf(pid: number): Promise<Memory> {
  const [rollup, status] = await Promise.all([
    readFile(`/proc/${pid}/smaps_rollup`, 'utf8'),
    readFile(`/proc/${pid}/status`, 'utf8'),
  ]);
  return {
    rss: field(rollup, 'Rss'),
    pss: field(rollup, 'Pss'),
    anonymous: field(rollup, 'Anonymous'),
    peak: field(status, 'VmHWM'),
  };
}

function field(text: string, name: string): number {
  const kib = text.match(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm'))?.[1];
  if (kib === undefined) throw new Error(`The kernel does not tell ${name} of the process`);
  return Number(kib) / KIB_PER_MIB;
}

/** proc_pid_stat(5): utime and stime, in ticks of 10 ms, behind the program's name, which may hold anything. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
