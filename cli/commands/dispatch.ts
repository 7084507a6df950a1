import type { Command } from 'commander';
import type { Outcome } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import { promoteWithoutToken } from '../topology/promote.ts';
import { check } from './check.ts';
import { completion } from './completion.ts';
import type { CommandName, View } from './declarations.ts';
import { inject, uninject } from './manifests.ts';
import { reported } from './reported.ts';
import { switchover } from './switchover.ts';

export { runRelease } from '../release/run.ts';

/** Options and arguments are as the row of the same name in declarations.ts declares them. */
export function dispatch(
  name: Exclude<CommandName, View>,
  terminal: Terminal,
  command: Command,
): Promise<Outcome> {
  return reported(terminal, () => {
    switch (name) {
      case 'check':
        return check(terminal, command.opts());
      case 'switchover':
        return switchover(terminal, command.opts());
      case 'promote':
        return promoteWithoutToken(terminal, command.opts());
      case 'inject':
        return inject(terminal, command.opts());
      case 'uninject':
        return uninject(terminal, command.opts());
      case 'completion':
        return completion(terminal, command.args);
    }
  });
}
