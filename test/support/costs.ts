/** What test files cost: a suite that waits may run beside another one, and one that computes has to compute less. */
import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { TestsStream } from 'node:test';
import { fileOf } from './overdue.ts';

const LISTED = 10;
/** Of Linux, whatever the machine: `getconf CLK_TCK`. */
const TICKS_PER_SECOND = 100;

/** Seconds of processors, its own and those of children that have ended; proc_pid_stat(5), fields 14 to 17. Linux alone. */
function processorSeconds(): number {
  if (!existsSync('/proc/self/stat')) return 0;
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
}

/** In a test process: leaves at its end what it has cost, in `file`, which has the path of what it runs. */
export function leaveCost(file: string): void {
  process.once('exit', () => appendFileSync(file, `\n${processorSeconds()}`));
}

/** The longest files with what each has cost, to be asked when all have ended; and at the end of the process the whole run. */
export function costsOf(
  tests: TestsStream,
  processes: string,
  nameOf: (file: string) => string,
): () => string {
  const began = performance.now();
  const begun = new Map<string, number>();
  const costs: { readonly file: string; readonly seconds: number }[] = [];
  tests.on('test:dequeue', (event) => {
    const file = fileOf(event);
    if (file !== undefined) begun.set(file, performance.now());
  });
  tests.on('test:complete', (event) => {
    const file = fileOf(event);
    if (file === undefined) return;
    costs.push({ file, seconds: (performance.now() - (begun.get(file) ?? began)) / 1_000 });
  });
  process.once('exit', () => {
    const [wall, own] = [(performance.now() - began) / 1_000, processorSeconds()];
    const share = Math.round((100 * own) / (wall * availableParallelism()));
    process.stdout.write(`ℹ ${own.toFixed(0)} s of processors in ${wall.toFixed(0)} s: ${share} % of them\n`);
  });
  return () => {
    const left = readdirSync(processes).map((id) => readFileSync(join(processes, id), 'utf8').split('\n'));
    const costOf = new Map(left.map(([file, seconds]) => [file, Number(seconds)]));
    return costs
      .toSorted((one, other) => other.seconds - one.seconds)
      .slice(0, LISTED)
      .map(({ file, seconds }) => {
        const cost = costOf.get(file)?.toFixed(1) ?? '?';
        return `ℹ ${seconds.toFixed(1)} s, ${cost} s of processors: ${nameOf(file)}\n`;
      })
      .join('');
  };
}
