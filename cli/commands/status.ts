import type { ClusterOptions, FollowerOptions, OutputOptions } from '../cluster/options.ts';
import { withSession } from '../cluster/session.ts';
import type { Outcome } from '../exit-codes.ts';
import { lookAtStatus } from '../status/gather.ts';
import { renderStatus } from '../status/render.ts';
import { watchStatus } from '../status/watch.ts';
import { columnsOf, type Terminal } from '../terminal.ts';
import { print } from '../text/line.ts';
import { serialize } from '../text/output.ts';

export interface StatusOptions extends ClusterOptions, FollowerOptions, OutputOptions {
  readonly watch?: true;
}

export function status(terminal: Terminal, options: StatusOptions): Promise<Outcome> {
  const { clock, abort } = terminal;
  const { namespace, follower, output, watch } = options;
  return withSession(terminal, options, async (session) => {
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
