import { explain } from '../../runtime/explain.ts';
import { CommandError, type Outcome } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import { plain } from '../text/plain.ts';
import { check } from './check.ts';
import { completion } from './completion.ts';
import type { CommandName } from './declarations.ts';
import { explain as explainPod } from './explain.ts';
import { history } from './history.ts';
import { inject, uninject } from './manifests.ts';
import { status } from './status.ts';
import { switchover } from './switchover.ts';

export { runRelease } from '../release/run.ts';

/** `options` are those that the row of the same name in declarations.ts declares, `args` its arguments. */
type Run<O = never> = (terminal: Terminal, options: O, args: readonly string[]) => Promise<Outcome>;

const RUNS: Readonly<Record<CommandName, Run>> = {
  status,
  check,
  history,
  switchover,
  explain: explainPod,
  inject,
  uninject,
  completion,
};

/** Runs a command to its end and tells the person what went wrong. */
export async function carryOut(
  name: CommandName,
  terminal: Terminal,
  options: object,
  args: readonly string[],
): Promise<Outcome> {
  try {
    return await RUNS[name](terminal, options as never, args);
  } catch (error) {
    if (terminal.signal.aborted) return 'interrupted';
    const lines = error instanceof CommandError ? error.message.split('\n') : [explain(error)];
    for (const line of lines) terminal.err(`${plain(line)}\n`);
    return error instanceof CommandError ? error.outcome : 'unreachable';
  }
}
