import type { Command } from 'commander';
import { explain } from '../../runtime/explain.ts';
import { CommandError, type Outcome } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import { plain } from '../text/plain.ts';
import { promoteWithoutToken } from '../topology/promote.ts';
import { check } from './check.ts';
import { completion } from './completion.ts';
import type { CommandName } from './declarations.ts';
import { explain as explainPod } from './explain.ts';
import { history } from './history.ts';
import { inject, uninject } from './manifests.ts';
import { status } from './status.ts';
import { switchover } from './switchover.ts';

export { runRelease } from '../release/run.ts';

/** Runs a command, and prints what went wrong. */
export async function dispatch(name: CommandName, terminal: Terminal, command: Command): Promise<Outcome> {
  try {
    return await run(name, terminal, command);
  } catch (error) {
    if (terminal.abort.aborted) return 'interrupted';
    const lines = error instanceof CommandError ? error.message.split('\n') : [explain(error)];
    for (const line of lines) terminal.err(`${plain(line)}\n`);
    return error instanceof CommandError ? error.outcome : 'unreachable';
  }
}

/** Options and arguments are as the row of the same name in declarations.ts declares them. */
function run(name: CommandName, terminal: Terminal, command: Command): Promise<Outcome> {
  switch (name) {
    case 'status':
      return status(terminal, command.opts());
    case 'check':
      return check(terminal, command.opts());
    case 'history':
      return history(terminal, command.opts());
    case 'switchover':
      return switchover(terminal, command.opts());
    case 'promote':
      return promoteWithoutToken(terminal, command.opts());
    case 'explain':
      return explainPod(terminal, command.opts(), command.args);
    case 'inject':
      return inject(terminal, command.opts());
    case 'uninject':
      return uninject(terminal, command.opts());
    case 'completion':
      return completion(terminal, command.args);
  }
}
