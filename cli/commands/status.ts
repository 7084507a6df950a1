import type { ClusterOptions, FollowerOptions, OutputOptions } from '../cluster/options.ts';
import { withSession } from '../cluster/session.ts';
import { CommandError, type Outcome } from '../exit-codes.ts';
import { readStatus } from '../status/gather.ts';
import { renderStatus } from '../status/render.ts';
import { readSides, renderSides } from '../status/sides.ts';
import { watchStatus } from '../status/watch.ts';
import type { Terminal } from '../terminal.ts';
import { Output } from '../text/output.ts';
import { reported } from './reported.ts';

export interface StatusOptions extends Omit<ClusterOptions, 'context'>, FollowerOptions, OutputOptions {
  readonly context?: readonly string[];
  readonly watch?: true;
}

export const status = reported((terminal: Terminal, options: StatusOptions): Promise<Outcome> => {
  const { clock } = terminal;
  const { namespace, follower, watch, kubeconfig } = options;
  const [context, ...others] = options.context ?? [];
  if (others.length > 0) return statusOfSides(terminal, options);
  return withSession(terminal, { kubeconfig, context }, async (session) => {
    if (watch) return watchStatus(session, { namespace, follower }, options.output, terminal);
    const view = await readStatus(session, { namespace, follower }, () => clock.now());
    await new Output(terminal, options.output).show(view, (width) => renderStatus(view, clock.now(), width));
    return 'done';
  });
});

async function statusOfSides(terminal: Terminal, options: StatusOptions): Promise<Outcome> {
  const { namespace, follower, watch, kubeconfig, context: contexts = [] } = options;
  if (watch) throw new CommandError('usage', '--watch is for one --context.');
  const sides = await readSides(terminal, { kubeconfig, contexts }, { namespace, follower });
  await new Output(terminal, options.output).show(sides, (width) =>
    renderSides(sides, terminal.clock.now(), width),
  );
  return sides.contexts.some(({ error }) => error === null) ? 'done' : 'unreachable';
}
