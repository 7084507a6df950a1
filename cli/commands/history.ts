import { findFollowers, pickFollower } from '../cluster/followers.ts';
import type { ClusterOptions, FollowerOptions, OutputOptions } from '../cluster/options.ts';
import { withSession } from '../cluster/session.ts';
import type { Outcome } from '../exit-codes.ts';
import { renderChart } from '../history/chart.ts';
import { renderHistory } from '../history/render.ts';
import { historyOf } from '../history/view.ts';
import { columnsOf, type Terminal } from '../terminal.ts';
import { print } from '../text/line.ts';
import { serialize } from '../text/output.ts';

export interface HistoryOptions extends ClusterOptions, FollowerOptions, OutputOptions {
  readonly chart?: true;
}

export function history(terminal: Terminal, options: HistoryOptions): Promise<Outcome> {
  const { namespace, follower, output, chart } = options;
  return withSession(terminal, options, async (session): Promise<Outcome> => {
    const published = pickFollower(await findFollowers(session, namespace, terminal.abort), follower);
    const now = terminal.clock.now();
    const view = historyOf(published, now);
    const width = columnsOf(terminal);
    const lines = () => (chart ? renderChart(view, now, width) : renderHistory(view, width));
    terminal.out(output === 'text' ? print(lines(), terminal.colour) : await serialize(view, output));
    return 'done';
  });
}
