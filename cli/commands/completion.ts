import { SCRIPTS, SHELLS } from '../completion/scripts.ts';
import type { Outcome } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import { reported } from './reported.ts';

export const completion = reported(
  async (terminal: Terminal, [shell]: readonly string[]): Promise<Outcome> => {
    const known = SHELLS.find((name) => name === shell);
    if (known === undefined) return 'usage';
    terminal.out(SCRIPTS[known]);
    return 'done';
  },
);
