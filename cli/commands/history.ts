import { findFollowers, pickFollower } from '../cluster/followers.ts';
import type { ClusterOptions, FollowerOptions, OutputOptions } from '../cluster/options.ts';
import { withSession } from '../cluster/session.ts';
import type { Outcome } from '../exit-codes.ts';
import { renderChart } from '../history/chart.ts';
import { renderHistory } from '../history/render.ts';
import { historyOf } from '../history/view.ts';
import type { Terminal } from '../terminal.ts';
import { Output } from '../text/output.ts';
import { reported } from './reported.ts';

export interface HistoryOptions extends ClusterOptions, FollowerOptions, OutputOptions {
  readonly chart?: true;
}

export const history = reported((terminal: Terminal, options: HistoryOptions): Promise<Outcome> => {
  const { namespace, follower, output, chart } = options;
  return withSession(terminal, options, async (session): Promise<Outcome> => {
    const published = pickFollower(await findFollowers(session, namespace), follower);
    const now = terminal.clock.now();
    const view = historyOf(published, now);
    await new Output(terminal, output).show(view, (width) =>
      chart ? renderChart(view, now, width) : renderHistory(view, width),
    );
    return 'done';
  });
});
