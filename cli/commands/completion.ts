import { SCRIPTS, SHELLS } from '../completion/scripts.ts';
import type { Outcome } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';

export async function completion(terminal: Terminal, [shell]: readonly string[]): Promise<Outcome> {
  const known = SHELLS.find((name) => name === shell);
  if (known === undefined) return 'usage';
  terminal.out(SCRIPTS[known]);
  return 'done';
}
