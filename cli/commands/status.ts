import type { ClusterOptions, FollowerOptions, OutputOptions } from '../cluster/options.ts';
import { withSession } from '../cluster/session.ts';
import { CommandError, type Outcome } from '../exit-codes.ts';
import { lookAtStatus } from '../status/gather.ts';
import { renderStatus } from '../status/render.ts';
import { lookAtSides, renderSides } from '../status/sides.ts';
import { watchStatus } from '../status/watch.ts';
import { columnsOf, type Terminal } from '../terminal.ts';
import { print } from '../text/line.ts';
import { serialize } from '../text/output.ts';

export interface StatusOptions extends Omit<ClusterOptions, 'context'>, FollowerOptions, OutputOptions {
  readonly context?: readonly string[];
  readonly watch?: true;
}

export function status(terminal: Terminal, options: StatusOptions): Promise<Outcome> {
  const { clock, abort } = terminal;
  const { namespace, follower, output, watch, kubeconfig } = options;
  const [context, ...others] = options.context ?? [];
  if (others.length > 0) return statusOfSides(terminal, options);
  const connection = {
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
  };
  return withSession(terminal, connection, async (session) => {
    if (watch) return watchStatus(session, { namespace, follower }, output, terminal);
    const view = await lookAtStatus(session, { namespace, follower }, () => clock.now(), abort);
    terminal.out(
      output === 'text'
        ? print(renderStatus(view, clock.now(), columnsOf(terminal)), terminal.colour)
        : await serialize(view, output),
    );
    return 'done';
  });
}

async function statusOfSides(terminal: Terminal, options: StatusOptions): Promise<Outcome> {
  const { namespace, follower, output, watch, kubeconfig, context: contexts = [] } = options;
  if (watch) throw new CommandError('usage', '--watch is for one --context.');
  const sides = await lookAtSides(terminal, { kubeconfig, contexts }, { namespace, follower });
  terminal.out(
    output === 'text'
      ? print(renderSides(sides, terminal.clock.now(), columnsOf(terminal)), terminal.colour)
      : await serialize(sides, output),
  );
  return sides.contexts.some(({ error }) => error === null) ? 'done' : 'unreachable';
}
