import { explain } from '../../runtime/explain.ts';
import { CommandError, type Outcome } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import { plain } from '../text/plain.ts';

/** The same command, which prints what went wrong instead of throwing it. */
export function reported<T extends readonly unknown[]>(
  command: (terminal: Terminal, ...rest: T) => Promise<Outcome>,
): typeof command {
  return async (terminal, ...rest) => {
    try {
      return await command(terminal, ...rest);
    } catch (error) {
      if (terminal.abort.aborted) return 'interrupted';
      const lines = error instanceof CommandError ? error.message.split('\n') : [explain(error)];
      for (const line of lines) terminal.err(`${plain(line)}\n`);
      return error instanceof CommandError ? error.outcome : 'unreachable';
    }
  };
}
