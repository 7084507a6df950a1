import { timestamp } from '../../runtime/clock.ts';
import { findFollowers, pickFollower } from '../cluster/followers.ts';
import { withSession } from '../cluster/session.ts';
import { isConfirmed } from '../confirm.ts';
import { CommandError, type Outcome } from '../exit-codes.ts';
import { changeAndFollow } from '../switchover/change.ts';
import { type MilestoneTime, type Reached, timesOf, unreached } from '../switchover/follow.ts';
import type { SwitchoverOptions } from '../switchover/options.ts';
import { isPerhapsOutdated, type Plan, planFor, unmet } from '../switchover/plan.ts';
import { promote } from '../switchover/promote.ts';
import { renderConclusion, renderPlan, renderUnreached } from '../switchover/render.ts';
import { clusterKey, readReconciled, readSwitchoverState } from '../switchover/state.ts';
import type { Terminal } from '../terminal.ts';
import { bold, dim, type Line, yellow } from '../text/line.ts';
import { Output } from '../text/output.ts';
import { switchoverBetween } from '../topology/switchover.ts';
import { reported } from './reported.ts';

/** What `switchover -o json` prints. */
export interface SwitchoverView extends Plan {
  /** RFC 3339; null when nothing was patched. */
  readonly patchedAt: string | null;
  /** After the patch. */
  readonly milestones: readonly MilestoneTime[];
}

const OUTDATED: Line = [
  dim('The operator may have recorded that long ago. Without --dry-run it is asked to reconcile first.'),
];

export const switchover = reported(
  async (terminal: Terminal, options: SwitchoverOptions): Promise<Outcome> => {
    const { clock, abort } = terminal;
    const { namespace, follower, to, dryRun, yes, toContext } = options;
    if (toContext !== undefined) return switchoverBetween(terminal, { ...options, toContext });
    if (options.print) throw new CommandError('usage', '--print needs --to-context.');
    const output = new Output(terminal, options.output);
    return withSession(terminal, options, async ({ api, ...session }): Promise<Outcome> => {
      const published = pickFollower(await findFollowers({ api, ...session }, namespace), follower);
      const read = () => readSwitchoverState(api, clock, published, to, abort);
      const state = await (dryRun ? read() : readReconciled(api, clock, read, abort));
      const plan = planFor(state);
      const end = async (outcome: Outcome, moved?: Partial<SwitchoverView>): Promise<Outcome> => {
        await output.give({ ...plan, patchedAt: null, milestones: [], ...moved });
        return outcome;
      };
      if (plan.isThere) {
        output.say([[`The primary of ${plan.cluster} already runs in ${to}: ${plan.from} on ${plan.node}.`]]);
        return end('done');
      }
      output.say([...renderPlan(plan, output.columns), renderConclusion(plan)]);
      if (dryRun && isPerhapsOutdated(state)) output.say([OUTDATED]);
      if (unmet(plan.preconditions).length > 0) return end('refused');
      if (dryRun) return end('done');
      const target = plan.target ?? '';
      const question = `Promote ${target}? Clients lose their connections for some seconds.`;
      if (!yes && !(await isConfirmed(terminal, question))) {
        output.say([[yellow('Cancelled; nothing was changed.')]]);
        return end('refused');
      }
      const move = { api, follower: published, cluster: clusterKey(published), target, site: to };
      const { patchedAt, milestones } = await changeAndFollow(terminal, output, move, () =>
        promote(api, read, target, timestamp(clock)),
      );
      const isDone = unreached(milestones).length === 0;
      output.say(isDone ? [[bold('Everything has followed.')]] : unfinished(milestones, abort.aborted));
      return end(outcomeOf(isDone, abort.aborted), { patchedAt, milestones: timesOf(milestones) });
    });
  },
);

function outcomeOf(isDone: boolean, isInterrupted: boolean): Outcome {
  if (isDone) return 'done';
  return isInterrupted ? 'interrupted' : 'unfinished';
}

function unfinished(milestones: readonly Reached[], isInterrupted: boolean): Line[] {
  const isStuck = unreached(milestones).every((milestone) => milestone.isStuck === true);
  const notInTime = isStuck
    ? 'The primary has moved. The rest does not follow by itself: it follows once what is listed below is done.'
    : 'Not everything has followed in time. The move continues by itself; do not request it again, see the Cluster.';
  return [
    [yellow(isInterrupted ? 'No longer watched; the move continues by itself.' : notInTime)],
    ...renderUnreached(milestones),
  ];
}
