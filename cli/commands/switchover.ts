import { databaseService } from '../../contract/databases.ts';
import { followerOf, LABELS } from '../../contract/names.ts';
import type { KubeApi, ObjectKey } from '../../kubernetes/api.ts';
import { isForbidden } from '../../kubernetes/errors.ts';
import { listAll } from '../../kubernetes/pages.ts';
import { SERVICES } from '../../kubernetes/resources.ts';
import { timestamp, withDeadline } from '../../runtime/clock.ts';
import { findFollowers, type Published, pickFollower } from '../cluster/followers.ts';
import type { ClusterOptions, FollowerOptions, OutputOptions } from '../cluster/options.ts';
import { isGated, isOver, POD_DETAILS } from '../cluster/pods.ts';
import { withSession } from '../cluster/session.ts';
import { CommandError, type Outcome } from '../exit-codes.ts';
import { ASKING_PODS } from '../status/gather.ts';
import { followMove, type Reached } from '../switchover/follow.ts';
import { clusterKey, lookAfresh, lookAtSituation } from '../switchover/look.ts';
import { ENDPOINT_SLICES, servicesOf } from '../switchover/milestones.ts';
import { isPerhapsOutdated, type Plan, planFor, unmet } from '../switchover/plan.ts';
import { Progress } from '../switchover/progress.ts';
import { promote } from '../switchover/promote.ts';
import { renderPlan, renderVerdict } from '../switchover/render.ts';
import { columnsOf, type Terminal } from '../terminal.ts';
import { bold, dim, type Line, print, yellow } from '../text/line.ts';
import { serialize } from '../text/output.ts';

export interface SwitchoverOptions extends ClusterOptions, FollowerOptions, OutputOptions {
  readonly to: string;
  readonly dryRun?: true;
  readonly yes?: true;
}

/** What `switchover -o json` prints. */
export interface SwitchoverView extends Plan {
  /** RFC 3339; null when nothing was patched. */
  readonly patchedAt: string | null;
  /** Milliseconds after the patch; null for what was not reached in time. */
  readonly milestones: readonly { readonly name: string; readonly ms: number | null }[];
}

/** Without it nobody could tell what follows, so that nothing is moved. */
const WATCH_START_MS = 15_000;
const UNWATCHED =
  'Services are not watched: you may not list pods, Services and EndpointSlices in all namespaces.';
const OUTDATED: Line = [
  dim('The operator may have recorded that long ago. Without --dry-run it is asked to reconcile first.'),
];

export function switchover(terminal: Terminal, options: SwitchoverOptions): Promise<Outcome> {
  const { clock, abort } = terminal;
  const { namespace, follower, to, output, dryRun, yes } = options;
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
    if (!yes && !(await isConfirmed(terminal, plan))) {
      say([[yellow('Cancelled; nothing was changed.')]]);
      return end(undone, 'refused');
    }
    const services = await servicesThatFollow(api, published, abort);
    if (services === undefined) say([[yellow(UNWATCHED)]]);
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

async function isConfirmed(terminal: Terminal, plan: Plan): Promise<boolean> {
  if (!terminal.interactive) {
    throw new CommandError(
      'usage',
      'There is no terminal to ask on: use --yes to move it, or --dry-run to see what would be done.',
    );
  }
  const answer = await terminal.ask(
    `Promote ${plan.target}? Clients lose their connections for some seconds. [y/N] `,
    terminal.abort,
  );
  return /^y(es)?$/i.test(answer?.trim() ?? '');
}

function keyOf({ namespace, name }: ObjectKey): string {
  return `${namespace ?? ''}/${name}`;
}

/** Those with gated pods of this follower behind them, or with the follow label; undefined where they may not be read. */
async function servicesThatFollow(
  api: KubeApi,
  { follower }: Published,
  abort: AbortSignal,
): Promise<readonly string[] | undefined> {
  try {
    const [pods, slices, following] = await Promise.all([
      listAll(api, POD_DETAILS, { labelSelector: ASKING_PODS, abort }),
      listAll(api, ENDPOINT_SLICES, { abort }),
      listAll(api, SERVICES, { labelSelector: `${LABELS.follow}=true`, abort }),
    ]);
    const gated = pods.filter((pod) => !isOver(pod) && isGated(pod) && followerOf(pod.metadata) === follower);
    const gatedServices = servicesOf(slices, new Set(gated.map(({ metadata }) => keyOf(metadata))));
    const own = following.filter(
      ({ metadata }) => followerOf(metadata) === follower && databaseService(metadata) === undefined,
    );
    return [...new Set([...gatedServices, ...own.map(({ metadata }) => keyOf(metadata))])].toSorted();
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
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
