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

/** Starts one that goes on until it is stopped. */
export async function startCli(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  await buildController();
  return startProcess('cli', [process.execPath, CLI_BUNDLE, ...args], { env });
}
