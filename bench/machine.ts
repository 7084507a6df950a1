/** On what a run was measured, and where its samples are kept. */
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';

export interface Machine {
  readonly at: string;
  readonly commit: string;
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  /** Others' work on the machine before the run: with more than a little of it the figures are worth nothing. */
  readonly loadBefore: number;
}

export function describeMachine(): Machine {
  const [first] = cpus();
  return {
    at: new Date().toISOString(),
    commit: execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim(),
    node: process.version,
    cpu: first?.model ?? 'unknown',
    cores: cpus().length,
    loadBefore: loadavg()[0] ?? Number.NaN,
  };
}

/** Resolves to the path of the file, `kind` and the time of the run being its name. */
export async function writeRun<Run extends { readonly machine: Machine }>(
  kind: string,
  run: Run,
): Promise<string> {
  const folder = join(import.meta.dirname, 'results');
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${kind}${run.machine.at.replaceAll(':', '')}.json`);
  await writeFile(file, `${JSON.stringify(run, undefined, 1)}\n`);
  return file;
}
