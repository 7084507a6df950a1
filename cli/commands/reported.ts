import { explain } from '../../runtime/explain.ts';
import { CommandError, type Outcome } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import { plain } from '../text/plain.ts';

/** Runs a command, and prints what went wrong. */
export async function reported(terminal: Terminal, command: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await command();
  } catch (error) {
    if (terminal.abort.aborted) return 'interrupted';
    const lines = error instanceof CommandError ? error.message.split('\n') : [explain(error)];
    for (const line of lines) terminal.err(`${plain(line)}\n`);
    return error instanceof CommandError ? error.outcome : 'unreachable';
  }
}
