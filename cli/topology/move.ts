import { CLUSTERS } from '../../cnpg/cluster.ts';
import { demotionPatch, nextStep, type Step, topologyPromotionPatch } from '../../cnpg/topology-switch.ts';
import { isConflict, KubeError, mayBeStored } from '../../kubernetes/errors.ts';
import { type Clock, sleep, withDeadline } from '../../runtime/clock.ts';
import { explain } from '../../runtime/explain.ts';
import { UNTIL_ANSWERED } from '../cluster/session.ts';
import { CommandError } from '../exit-codes.ts';
import { endOf, type Reached, Timeline } from '../switchover/follow.ts';
import { milestonesOfSides } from './milestones.ts';
import { nameOf, type Side } from './side.ts';
import { type ObservedSide, type ObservedSides, observeBoth, slicesOf } from './watch.ts';

/** A primary may take long to shut down; after this somebody should look. The command can be run again. */
export const MOVE_LIMIT_MS = 15 * 60_000;
const POLL_MS = 1_000;
const LAST_READ_MS = 10_000;

export interface MoveOptions {
  readonly from: Side;
  readonly to: Side;
  readonly clock: Clock;
  readonly abort: AbortSignal;
  readonly services: readonly string[];
  readonly onProgress: (milestones: readonly Reached[]) => void;
  readonly limitMs?: number;
}

export interface Moved {
  readonly milestones: readonly Reached[];
  /** The next step by both Clusters; undefined where they could not be read at the end. */
  readonly step: Step['kind'] | undefined;
}

/**
 * Makes each step when the one before is done, and continues a move that was interrupted. It writes only after it has read
 * both sides, and each change once: where that is undone, something else, such as Git, works against it.
 */
export async function moveBetween(options: MoveOptions): Promise<Moved> {
  const { from, to, clock, abort, services, onProgress, limitMs = MOVE_LIMIT_MS } = options;
  const began = clock.elapsed();
  const timeline = new Timeline();
  const made = new Set<Step['kind']>();
  let first: ObservedSides | undefined;
  let milestones: readonly Reached[] = [];
  const observe = async (
    ends: AbortSignal,
  ): Promise<{ readonly step: Step; readonly now: ObservedSides }> => {
    const now = await observeBoth(from, to, ends);
    first ??= now;
    const step = nextStep({ from: now.from.cluster, to: now.to.cluster });
    const slices = step.kind === 'done' ? await slicesOf(to, services, ends) : [];
    const ms = clock.elapsed() - began;
    milestones = timeline.at(ms, milestonesOfSides(first, now, services, slices));
    onProgress(milestones);
    return { step, now };
  };
  while (!abort.aborted && clock.elapsed() - began < limitMs) {
    try {
      const { step, now } = await observe(abort);
      if ((endOf(milestones) ?? Infinity) <= clock.elapsed() - began) return { milestones, step: step.kind };
      await make(step, now, made);
    } catch (error) {
      // A side that does not answer may do so in a second; until then nothing is changed.
      if (!abort.aborted && !(error instanceof KubeError)) throw error;
      const trouble = explain(error);
      milestones = milestones.map((one) => (one.ms === undefined ? { ...one, missing: trouble } : one));
      onProgress(milestones);
    }
    await sleep(clock, POLL_MS, abort);
  }
  // The last write may be stored, though nobody has waited for it.
  const step = await withDeadline(clock, LAST_READ_MS, undefined, 'the last reading', observe)
    .then((last) => last.step.kind)
    .catch(() => undefined);
  return { milestones, step };
}

async function make(step: Step, { from, to }: ObservedSides, made: Set<Step['kind']>) {
  switch (step.kind) {
    case 'refused':
      throw new CommandError('refused', `Stopped: ${step.why}.`);
    case 'demote':
      return send(step, from, demotionPatch(from.cluster, nameOf(to)), made);
    case 'promote':
      return send(step, to, topologyPromotionPatch(to.cluster, step.token), made);
    case 'take-back':
      return send(step, to, topologyPromotionPatch(to.cluster, null), made);
    case 'await-demotion':
    case 'await-promotion':
    case 'done':
      return undefined;
  }
}

async function send(
  { kind }: Step,
  observed: ObservedSide,
  body: object,
  made: Set<Step['kind']>,
): Promise<void> {
  const { side } = observed;
  const what = `Cluster ${side.key.namespace}/${side.key.name} in context ${side.context}`;
  if (made.has(kind)) {
    throw new CommandError(
      'refused',
      `Stopped: spec.replica of ${what} was changed, and somebody has changed it back. Where it is kept in Git, change it there: --print shows how.`,
    );
  }
  try {
    await side.api.patch(CLUSTERS, side.key, body, { type: 'merge', ...UNTIL_ANSWERED });
    made.add(kind);
  } catch (error) {
    // The Cluster was changed meanwhile, or the change may be stored: the next look shows it.
    if (isConflict(error) || mayBeStored(error)) return;
    throw new CommandError('refused', `Stopped: ${what} was not changed: ${explain(error)}`, error);
  }
}
