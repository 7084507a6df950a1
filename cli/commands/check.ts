import { CHECKS } from '../checks/registry.ts';
import { renderChecks } from '../checks/render.ts';
import { runChecks } from '../checks/run.ts';
import { World } from '../checks/world.ts';
import { findFollowers } from '../cluster/followers.ts';
import type { ClusterOptions, OutputOptions } from '../cluster/options.ts';
import { withSession } from '../cluster/session.ts';
import type { Outcome } from '../exit-codes.ts';
import { columnsOf, type Terminal } from '../terminal.ts';
import { print } from '../text/line.ts';
import { serialize } from '../text/output.ts';

export type CheckOptions = ClusterOptions & OutputOptions;

export function check(terminal: Terminal, options: CheckOptions): Promise<Outcome> {
  const { clock, signal } = terminal;
  return withSession(terminal, options, async ({ api, ...session }): Promise<Outcome> => {
    const followers = await findFollowers({ api, ...session }, options.namespace, signal);
    const view = await runChecks(CHECKS, new World({ api, clock, signal, followers }));
    terminal.out(
      options.output === 'text'
        ? print(renderChecks(view, columnsOf(terminal)), terminal.colour)
        : await serialize(view, options.output),
    );
    return view.problems > 0 ? 'refused' : 'done';
  });
}
