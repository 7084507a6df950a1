import { CLUSTERS } from '../../cnpg/cluster.ts';
import { demotionPatch, nextStep, topologyPromotionPatch } from '../../cnpg/topology-switch.ts';
import { KubeError } from '../../kubernetes/errors.ts';
import { timestamp } from '../../runtime/clock.ts';
import { explain } from '../../runtime/explain.ts';
import { type Session, withSession } from '../cluster/session.ts';
import { isConfirmed } from '../confirm.ts';
import { CommandError, type Outcome } from '../exit-codes.ts';
import { type MilestoneTime, timesOf, unreached } from '../switchover/follow.ts';
import type { SwitchoverOptions } from '../switchover/options.ts';
import { unmet } from '../switchover/plan.ts';
import { Progress } from '../switchover/progress.ts';
import { renderConclusion } from '../switchover/render.ts';
import { servicesToWatch } from '../switchover/services.ts';
import type { Terminal } from '../terminal.ts';
import { bold, green, yellow } from '../text/line.ts';
import { Output } from '../text/output.ts';
import { manifestsOf } from './manifests.ts';
import { moveBetween } from './move.ts';
import { isPossible, planOf, type SidesPlan, type SidesState } from './plan.ts';
import { renderSidesPlan, renderStanding } from './render.ts';
import { findSide, nameOf, readSideState, type SideState } from './side.ts';
import { askWal, lagBetween } from './wal.ts';

type Options = SwitchoverOptions & { readonly toContext: string };

/** What `switchover --to-context … -o json` prints. */
export interface SidesView extends SidesPlan {
  /** RFC 3339; null when nothing was changed. */
  readonly startedAt: string | null;
  /** After that. */
  readonly milestones: readonly MilestoneTime[];
}

/** Moves the primary of a topology from the cluster of one context to that of another. */
export function switchoverBetween(terminal: Terminal, options: Options): Promise<Outcome> {
  const { context, toContext, kubeconfig } = options;
  if (context === undefined || context === toContext) {
    throw new CommandError('usage', 'Say two contexts: --context of the primary so far, and --to-context.');
  }
  return withSession(terminal, { kubeconfig, context }, (one) =>
    withSession(terminal, { kubeconfig, context: toContext }, (other) =>
      between(terminal, { ...options, context }, one, other),
    ),
  );
}

async function between(
  terminal: Terminal,
  options: Options & { readonly context: string },
  one: Session,
  other: Session,
): Promise<Outcome> {
  const { clock, abort } = terminal;
  const { dryRun, yes } = options;
  const output = new Output(terminal, options.output);
  const state = await readBothSides(terminal, options, one, other);
  const plan = planOf(state);
  if (options.print) {
    terminal.out(await manifestsOf(state.from, state.to));
    return isPossible(plan) ? 'done' : 'refused';
  }
  const end = async (outcome: Outcome, moved?: Partial<SidesView>): Promise<Outcome> => {
    const view: SidesView = { ...plan, startedAt: null, milestones: [], ...moved };
    await output.give(view);
    return outcome;
  };
  if (plan.step === 'done') {
    const { from, to } = plan;
    output.say([[`${to.name} in ${to.site} is the primary already, and ${from.name} its replica cluster.`]]);
    return end('done');
  }
  output.say([...renderSidesPlan(plan, output.columns), renderConclusion(plan)]);
  if (!isPossible(plan)) return end('refused');
  if (dryRun) {
    await tryOut(state);
    output.say([[green('The API servers accept these changes.')]]);
    return end('done');
  }
  const question = `Move the primary to ${plan.to.site}? Nobody takes writes until it is done.`;
  if (!yes && !(await isConfirmed(terminal, question))) {
    output.say([[yellow('Cancelled; nothing was changed.')]]);
    return end('refused');
  }
  // The user may have waited long with the answer.
  if (!yes) assertPossible(planOf(await readBothSides(terminal, options, one, other)));
  const services = await servicesToWatch(state.to.side.api, state.to.side.published, output);
  const progress = new Progress(terminal, output.isText);
  const startedAt = timestamp(clock);
  progress.begin();
  const { step, milestones } = await moveBetween({
    from: state.from.side,
    to: state.to.side,
    clock,
    abort,
    services,
    onProgress: (reached) => progress.show(reached),
  }).finally(() => progress.end());
  const moved = { startedAt, milestones: timesOf(milestones) };
  if (milestones.length > 0 && unreached(milestones).length === 0) {
    output.say([[bold('Everything has followed.')]]);
    return end('done', moved);
  }
  output.say(renderStanding(step, milestones, plan, abort.aborted));
  return end(abort.aborted ? 'interrupted' : 'unfinished', moved);
}

function assertPossible(plan: SidesPlan): void {
  if (isPossible(plan)) return;
  const obstacles = unmet(plan.preconditions).map(({ name, obstacle }) => `${name}: ${obstacle}`);
  throw new CommandError('refused', `Not done, as the state has changed meanwhile: ${obstacles.join('; ')}.`);
}

async function readBothSides(
  { clock, abort }: Terminal,
  { namespace, follower, context, toContext, to }: Options & { readonly context: string },
  one: Session,
  other: Session,
): Promise<SidesState> {
  const wanted = { namespace, follower };
  const [from, target] = await Promise.all([
    findSide(one, context, wanted),
    findSide(other, toContext, wanted),
  ]);
  if (target.site !== to) {
    throw new CommandError(
      'usage',
      `Context ${toContext} is the cluster of site ${target.site}, not of ${to}.`,
    );
  }
  if (from.site === to) throw new CommandError('usage', `Both contexts are of site ${to}.`);
  const [fromState, toState] = await Promise.all([
    readSideState(from, clock, abort),
    readSideState(target, clock, abort),
  ]);
  const walOf = ({ side, cluster }: SideState) => askWal(side.api, cluster);
  const [written, replayed] = await Promise.all([walOf(fromState), walOf(toState)]);
  return { from: fromState, to: toState, lag: lagBetween(written, replayed) };
}

/** Both changes by a dry run, admission included; without the token, which does not exist yet. */
async function tryOut({ from, to }: SidesState): Promise<void> {
  const step = nextStep({ from: from.cluster, to: to.cluster });
  const token = step.kind === 'promote' ? step.token : null;
  const options = { type: 'merge', dryRun: true } as const;
  try {
    if (step.kind === 'demote')
      await from.side.api.patch(CLUSTERS, from.side.key, demotionPatch(from.cluster, nameOf(to)), options);
    if (step.kind !== 'await-promotion')
      await to.side.api.patch(CLUSTERS, to.side.key, topologyPromotionPatch(to.cluster, token), options);
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    throw new CommandError('refused', `An API server refuses the change: ${explain(error)}`, error);
  }
}
