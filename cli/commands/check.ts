import { PROGRAM } from '../../contract/names.ts';
import { checksBefore } from '../checks/before.ts';
import { CHECKS } from '../checks/registry.ts';
import { renderChecks } from '../checks/render.ts';
import { type CheckView, runChecks } from '../checks/run.ts';
import { World } from '../checks/world.ts';
import { findFollowers } from '../cluster/followers.ts';
import type { ClusterOptions, OutputOptions } from '../cluster/options.ts';
import { withSession } from '../cluster/session.ts';
import type { Outcome } from '../exit-codes.ts';
import { columnsOf, type Terminal } from '../terminal.ts';
import { print } from '../text/line.ts';
import { serialize } from '../text/output.ts';

export type CheckOptions = ClusterOptions & OutputOptions & { readonly pre?: boolean };

export function check(terminal: Terminal, options: CheckOptions): Promise<Outcome> {
  const { clock, abort } = terminal;
  return withSession(terminal, options, async ({ api, ...session }): Promise<Outcome> => {
    const view = options.pre === true ? await before() : await installed();
    terminal.out(
      options.output === 'text'
        ? print(renderChecks(view, columnsOf(terminal)), terminal.colour)
        : await serialize(view, options.output),
    );
    return view.problems > 0 ? 'refused' : 'done';

    async function installed(): Promise<CheckView> {
      const followers = await findFollowers({ api, ...session }, options.namespace, abort);
      return runChecks(CHECKS, new World({ api, clock, abort, followers }));
    }

    async function before(): Promise<CheckView> {
      const namespace = options.namespace ?? PROGRAM;
      const world = new World({ api, clock, abort, followers: [] });
      return { ...(await runChecks(checksBefore(namespace), world)), namespace };
    }
  });
}
