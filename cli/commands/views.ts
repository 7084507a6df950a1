import type { Command } from 'commander';
import type { Outcome } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import type { View } from './declarations.ts';
import { explain } from './explain.ts';
import { history } from './history.ts';
import { reported } from './reported.ts';
import { status } from './status.ts';

/** Options and arguments are as the row of the same name in declarations.ts declares them. */
export function view(name: View, terminal: Terminal, command: Command): Promise<Outcome> {
  return reported(terminal, () => {
    switch (name) {
      case 'status':
        return status(terminal, command.opts());
      case 'history':
        return history(terminal, command.opts());
      case 'explain':
        return explain(terminal, command.opts(), command.args);
    }
  });
}
