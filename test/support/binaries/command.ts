import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const MAX_OUTPUT = 16 * 1024 * 1024;

export interface CommandOptions {
  readonly abort: AbortSignal;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a program to its end and gives its standard output; fails with the last lines of its standard error. */
export async function run(
  program: string,
  args: readonly string[],
  { abort, ...options }: CommandOptions,
): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, {
      ...options,
      signal: abort,
      maxBuffer: MAX_OUTPUT,
    });
    return stdout;
  } catch (error) {
    abort.throwIfAborted();
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    const said = stderr.trim().split('\n').slice(-8).join('\n');
    throw new Error(`${program} ${args[0] ?? ''} failed${said === '' ? '' : `, its last words:\n${said}`}`, {
      cause: error,
    });
  }
}
