import { CommandError } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';
import { plain } from './text/plain.ts';

/** Whether the user answers yes. Throws CommandError where the terminal is not interactive. */
export async function isConfirmed(terminal: Terminal, question: string): Promise<boolean> {
  const answer = await ask(terminal, `${question} [y/N] `);
  return /^y(es)?$/i.test(answer);
}

/** For what cannot be undone: whether the user types `word`. Throws CommandError where the terminal is not interactive. */
export async function isTyped(terminal: Terminal, question: string, word: string): Promise<boolean> {
  return (await ask(terminal, `${question} Type ${word} to go on: `)) === word;
}

async function ask(terminal: Terminal, question: string): Promise<string> {
  if (!terminal.interactive) {
    throw new CommandError('usage', 'There is no terminal to ask on: use --yes to do it all the same.');
  }
  return (await terminal.ask(plain(question), terminal.abort))?.trim() ?? '';
}
