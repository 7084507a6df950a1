import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { addAbortSignal } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { systemClock } from '../runtime/clock.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { nodeProblem } from './node-version.ts';
import { isReleaseCommand } from './release/commands.ts';
import { run } from './run.ts';
import type { Terminal } from './terminal.ts';
import { decodeUtf8 } from './text/utf8.ts';

const { stdin, stdout, stderr, env } = process;

const tooOld = nodeProblem(process.version, process.execPath);
if (tooOld !== undefined) {
  stderr.write(`${tooOld}\n`);
  process.exit(EXIT_CODES.usage.code);
}

stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader has read enough, as `head` does.
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

/** Such a terminal cannot move its cursor, so it is written to like a file. */
const isDumb = env.TERM === 'dumb';
const stop = new AbortController();
process.on('SIGINT', () => {
  if (stop.signal.aborted) process.exit(EXIT_CODES.interrupted.code);
  stop.abort(new Error('ended by Ctrl-C'));
});

const terminal: Terminal = {
  env,
  clock: systemClock,
  // The standard input to its end, as its writer, such as helm, may be slow.
  read: async (path) =>
    decodeUtf8(path === '-' ? await buffer(addAbortSignal(stop.signal, stdin)) : await readFile(path)),
  out: (text) => stdout.write(text),
  err: (text) => stderr.write(text),
  size: () =>
    stdout.isTTY && !isDumb ? { columns: stdout.columns || 80, rows: stdout.rows || 24 } : undefined,
  colour: stdout.isTTY && !env.NO_COLOR && !isDumb,
  interactive: stdin.isTTY && stdout.isTTY,
  async ask(question, abort) {
    const lines = createInterface({ input: stdin, output: stdout });
    // While it asks, readline alone gets Ctrl-C; Ctrl-D closes it without an answer.
    lines.on('SIGINT', () => process.emit('SIGINT'));
    const closed = new Promise<undefined>((resolve) => lines.once('close', () => resolve(undefined)));
    try {
      return await Promise.race([lines.question(question, { signal: abort }), closed]);
    } finally {
      lines.close();
    }
  },
  abort: stop.signal,
  onResize(listener) {
    stdout.on('resize', listener);
    return () => stdout.off('resize', listener);
  },
};

const args = process.argv.slice(2);
process.exitCode = isReleaseCommand(args)
  ? await (await import('./commands/dispatch.ts')).runRelease(args)
  : await run(args, terminal);
