import { timestamp, withDeadline } from '../../runtime/clock.ts';
import { findFollowers, pickFollower } from '../cluster/followers.ts';
import { withSession } from '../cluster/session.ts';
import { isConfirmed } from '../confirm.ts';
import { CommandError, type Outcome } from '../exit-codes.ts';
import { followMove, type Reached } from '../switchover/follow.ts';
import { clusterKey, lookAfresh, lookAtSituation } from '../switchover/look.ts';
import type { SwitchoverOptions } from '../switchover/options.ts';
import { isPerhapsOutdated, type Plan, planFor, unmet } from '../switchover/plan.ts';
import { Progress } from '../switchover/progress.ts';
import { promote } from '../switchover/promote.ts';
import { renderPlan, renderVerdict } from '../switchover/render.ts';
import { servicesThatFollow, UNWATCHED } from '../switchover/services.ts';
import { columnsOf, type Terminal } from '../terminal.ts';
import { bold, dim, type Line, print, yellow } from '../text/line.ts';
import { serialize } from '../text/output.ts';
import { switchoverBetween } from '../topology/switchover.ts';

/** What `switchover -o json` prints. */
export interface SwitchoverView extends Plan {
  /** RFC 3339; null when nothing was patched. */
  readonly patchedAt: string | null;
  /** Milliseconds after the patch; null for what was not reached in time. */
  readonly milestones: readonly { readonly name: string; readonly ms: number | null }[];
}

/** Without it nobody could tell what follows, so that nothing is moved. */
const WATCH_START_MS = 15_000;
const OUTDATED: Line = [
  dim('The operator may have recorded that long ago. Without --dry-run it is asked to reconcile first.'),
];

export async function switchover(terminal: Terminal, options: SwitchoverOptions): Promise<Outcome> {
  const { clock, abort } = terminal;
  const { namespace, follower, to, output, dryRun, yes, toContext } = options;
  if (toContext !== undefined) return switchoverBetween(terminal, { ...options, toContext });
  if (options.print) throw new CommandError('usage', '--print needs --to-context.');
  const say = (lines: readonly Line[]) => {
    if (output === 'text') terminal.out(print(lines, terminal.colour));
  };
  const end = async (view: SwitchoverView, outcome: Outcome): Promise<Outcome> => {
    if (output !== 'text') terminal.out(await serialize(view, output));
    return outcome;
  };
  return withSession(terminal, options, async ({ api, ...session }): Promise<Outcome> => {
    const published = pickFollower(await findFollowers({ api, ...session }, namespace, abort), follower);
    const look = () => lookAtSituation(api, clock, published, to, abort);
    const situation = await (dryRun ? look() : lookAfresh(api, clock, look, abort));
    const plan = planFor(situation);
    const undone = { ...plan, patchedAt: null, milestones: [] };
    if (plan.isThere) {
      say([[`The primary of ${plan.cluster} already runs in ${to}: ${plan.from} on ${plan.node}.`]]);
      return end(undone, 'done');
    }
    say([...renderPlan(plan, columnsOf(terminal)), renderVerdict(plan)]);
    if (dryRun && isPerhapsOutdated(situation)) say([OUTDATED]);
    if (unmet(plan.preconditions).length > 0) return end(undone, 'refused');
    if (dryRun) return end(undone, 'done');
    if (
      !yes &&
      !(await isConfirmed(
        terminal,
        `Promote ${plan.target}? Clients lose their connections for some seconds.`,
      ))
    ) {
      say([[yellow('Cancelled; nothing was changed.')]]);
      return end(undone, 'refused');
    }
    const services = await servicesThatFollow(api, published, abort);
    if (services === undefined) say([UNWATCHED]);
    const target = plan.target ?? '';
    const progress = new Progress(terminal, output === 'text');
    await using following = followMove({
      api,
      clock,
      abort,
      follower: published,
      cluster: clusterKey(published),
      target,
      site: to,
      services: services ?? [],
      onProgress: (milestones) => progress.show(milestones),
    });
    await withDeadline(clock, WATCH_START_MS, abort, 'the watch of what follows', () => following.ready);
    const patchedAt = await promote(api, look, target, timestamp(clock));
    progress.begin();
    const milestones = await following.done();
    progress.end();
    const isDone = milestones.every(({ ms }) => ms !== undefined);
    say(isDone ? [[bold('Everything has followed.')]] : unfinished(milestones, abort.aborted));
    const told = milestones.map(({ name, ms }) => ({ name, ms: ms === undefined ? null : Math.round(ms) }));
    return end({ ...plan, patchedAt, milestones: told }, outcomeOf(isDone, abort.aborted));
  });
}

function outcomeOf(isDone: boolean, isInterrupted: boolean): Outcome {
  if (isDone) return 'done';
  return isInterrupted ? 'interrupted' : 'unfinished';
}

function unfinished(milestones: readonly Reached[], isInterrupted: boolean): Line[] {
  const missing = milestones.filter(({ ms }) => ms === undefined);
  const isStuck = missing.every((milestone) => milestone.isStuck === true);
  const notInTime = isStuck
    ? 'The primary has moved. The rest does not follow by itself: it follows once what is listed below is done.'
    : 'Not everything has followed in time. The move continues by itself; do not request it again, see the Cluster.';
  return [
    [yellow(isInterrupted ? 'No longer watched; the move continues by itself.' : notInTime)],
    ...missing.map(({ text, missing: why }) => [`… ${text}: ${why}`]),
  ];
}
