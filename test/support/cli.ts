/** The command line as it is shipped, in a process of its own. */

import { execFile } from 'node:child_process';
import { buildController } from './controller-process.ts';
import { type ChildProcess, startProcess } from './process.ts';

export const CLI_BUNDLE = new URL('../../dist/cli.mjs', import.meta.url).pathname;
const LIMIT_MS = 60_000;

export interface CliAnswer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs it to its end with nothing in its environment but `env`. */
export async function runCli(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<CliAnswer> {
  await buildController();
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [CLI_BUNDLE, ...args],
      { env: { PATH: process.env.PATH ?? '', ...env }, timeout: LIMIT_MS },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err }),
    );
  });
}

/** Milliseconds of processor time that Node takes with these arguments to its end, which must be a good one. */
export async function processorTime(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number> {
  await buildController();
  const script = 'TIMEFORMAT="%U %S"; time "$@" >/dev/null';
  return new Promise((resolve, reject) => {
    execFile(
      'bash',
      // With a socket as its input it takes itself for a remote shell, and would read .bashrc.
      ['--norc', '-c', script, 'bash', process.execPath, ...args],
      { env: { PATH: process.env.PATH ?? '', LC_ALL: 'C', ...env }, timeout: LIMIT_MS },
      (error, _out, err) => {
        if (error !== null) reject(new Error(`${args.join(' ')} failed: ${err}`, { cause: error }));
        else
          resolve(
            err
              .trim()
              .split(' ')
              .reduce((sum, seconds) => sum + Number(seconds) * 1_000, 0),
          );
      },
    );
  });
}

/** Starts one that goes on until it is stopped. */
export async function startCli(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  await buildController();
  return startProcess('cli', [process.execPath, CLI_BUNDLE, ...args], { env });
}
