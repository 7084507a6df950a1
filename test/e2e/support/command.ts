import { execFile } from 'node:child_process';
import { explain } from '../../../runtime/explain.ts';

const MAX_OUTPUT = 64 * 1024 * 1024;

export interface CommandOptions {
  readonly timeoutMs: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** `command` may carry arguments of its own, after spaces. Resolves to what it printed; rejects with what it said. */
export function run(command: string, args: readonly string[], options: CommandOptions): Promise<string> {
  const [program = '', ...first] = command.split(/\s+/);
  const all = [...first, ...args];
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      all,
      { timeout: options.timeoutMs, maxBuffer: MAX_OUTPUT, env: { ...process.env, ...options.env } },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const ended = error.killed === true ? `was ended after ${options.timeoutMs} ms` : explain(error);
        reject(new Error(`${program} ${all.join(' ')} failed: ${stderr.trim() || stdout.trim() || ended}`));
      },
    );
    child.stdin?.on('error', () => undefined); // It ended without reading; its exit code says why.
    child.stdin?.end(options.input ?? '');
  });
}
