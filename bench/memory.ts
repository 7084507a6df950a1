import { readFile } from 'node:fs/promises';

/** MiB. */
export interface Memory {
  /** Resident: what `kubectl top` comes near to. */
  readonly rss: number;
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
  return { rss: field(rollup, 'Rss'), anonymous: field(rollup, 'Anonymous'), peak: field(status, 'VmHWM') };
}

function field(text: string, name: string): number {
  const kib = text.match(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm'))?.[1];
  if (kib === undefined) throw new Error(`The kernel does not tell ${name} of the process`);
  return Number(kib) / KIB_PER_MIB;
}
