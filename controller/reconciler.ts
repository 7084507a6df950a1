import { isImplausible, type Transition } from '../contract/history.ts';
import { decodeEpoch, decodeStatus, encodeStatus, type Status } from '../contract/status.ts';
import type { KubeApi } from '../kubernetes/api.ts';
import { isAlreadyExists, isConflict, mayBeStored } from '../kubernetes/errors.ts';
import type { Leadership } from '../kubernetes/leadership.ts';
import { backoff } from '../runtime/backoff.ts';
import { type Clock, type Random, timestamp, withDeadline } from '../runtime/clock.ts';
import { explain } from '../runtime/explain.ts';
import { NotificationLimiter } from '../runtime/notification-limiter.ts';
import type { Wakeup } from '../runtime/wakeup.ts';
import { decide, type ResolvedObservation, recall, sameContent } from './decide.ts';
import { resolveSite } from './resolve-site.ts';
import { NodeReads } from './sites/node-reads.ts';
import type { SiteNodes } from './sites/site-nodes.ts';
import type { Sites } from './sites/sites.ts';
import { DeposedError, type FencedConfigMap, type StoredConfigMap } from './status/fenced-config-map.ts';
import { type LastPublished, lastKnown } from './status/last-published.ts';
import type { Observation, Trigger } from './triggers/trigger.ts';

export interface ReconcilerOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly trigger: Trigger;
  readonly sites: Sites;
  /** Undefined while the nodes have not been listed. */
  readonly nodesBySite: SiteNodes['bySite'];
  readonly status: FencedConfigMap;
  /** The last change of site that the report remembers. */
  readonly lastTransition: () => Transition | undefined;
  /** The nodes of each site that the report remembers, for when no status can be read. */
  readonly lastSites: () => Status['sites'] | undefined;
  /** Outlives the leadership. */
  readonly lastPublished: LastPublished;
  readonly resyncMs: number;
  readonly wakeup: Wakeup;
  readonly subscribers: readonly ReconcileSubscriber[];
}

/** One of those that act on what a reconcile has found. They are called in their order, must be quick and never throw. */
export interface ReconcileSubscriber {
  /** The status is stored and differs from the one before. */
  onStatus?(change: StatusChange): void;
  /** After each reconcile, also a failed one. */
  onReconciled?(result: ReconcileResult): void;
}

export interface ReconcileResult {
  readonly ms: number;
  readonly resolved: ResolvedObservation;
  /** True when the status was written. */
  readonly wrote: boolean;
  readonly error?: unknown;
  /** That of the API when the reconcile began, where it ended well. */
  readonly restored?: AbortSignal | undefined;
}

export interface StatusChange {
  /** Undefined at the first reconcile of a leadership that found no status. */
  readonly before: Status | undefined;
  readonly after: Status;
  /** When the service says that it moved to the place in `after`. */
  readonly movedAt: string | undefined;
}

/** What a reconcile makes of what it has read. */
interface Decision {
  /** Undefined where nothing is known of before. */
  readonly before: Status | undefined;
  readonly after: Status;
  /** From what the ConfigMap has, the term of its writer included. */
  readonly differs: boolean;
  /** The ConfigMap has an epoch that none of ours can have: readers would believe no lower one of the same object. */
  readonly recreate: boolean;
}

const NOT_OBSERVED: ResolvedObservation = {
  kind: 'unknown',
  reason: 'ApiError',
  message: 'nothing was observed yet',
};

/** More than are sent while one of them can still be under way. */
const MAX_UNANSWERED = 32;
const FAILED_RETRY = { base: 250, max: 10_000 };
const RACES_AT_ONCE = 3;
/** Every call of a trigger has a limit of its own; this one is for a trigger that forgot it. */
const OBSERVATION_TIMEOUT_MS = 40_000;
/** Of the watch of a trigger: a failover makes some tens; whoever writes what is followed, or answers for it, any number. */
const WATCH_RATE = { burst: 40, perSecond: 10 };

/**
 * Keeps the status of one follower as what it follows says, while this replica leads. A reconcile is five steps: observe,
 * resolve the site, decide, store, publish. It comes at once when the trigger's watch says so, and every resync.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  /** What this replica last published or took over; undefined when it has to be read first. */
  #believed: Status | undefined;
  /** Writes that failed since then: each may have been stored, or still be. */
  #unanswered: readonly Status[] = [];
  /** What the subscribers were given last. */
  #lastDelivered: Status | undefined;
  /** That of the API when the last reconcile began that ended well. */
  #restored: AbortSignal | undefined;
  #failures = 0;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** Runs until the leadership ends, or until another leader turns out to have been here. */
  async run(leadership: Leadership): Promise<void> {
    const { trigger, wakeup, clock, resyncMs, random } = this.#options;
    const { abort } = leadership;
    const watched = new NotificationLimiter(clock, WATCH_RATE, wakeup.notify);
    const watching = trigger.watch(watched.notify, abort);
    // Somebody else may have led meanwhile: what is published counts.
    this.#believed = undefined;
    this.#unanswered = [];
    this.#lastDelivered = undefined;
    this.#restored = this.#options.api.restored;
    while (!abort.aborted && (await this.#reconcile(leadership))) {
      // A little early, so that a change right after an observation is known within the period, the observation itself included.
      const periodMs = resyncMs * (0.9 + random() * 0.05);
      const retryMs = Math.min(periodMs, backoff(this.#failures, FAILED_RETRY, random));
      await wakeup.wait(this.#failures === 0 ? periodMs : retryMs, abort);
    }
    await watching;
    watched.stop();
  }

  /** False when this replica has to stop. */
  async #reconcile(leadership: Leadership): Promise<boolean> {
    const { api, clock, status, lastPublished } = this.#options;
    const nodes = new NodeReads(api, leadership.abort);
    const started = clock.elapsed();
    const { restored } = api;
    let resolved: ResolvedObservation = NOT_OBSERVED;
    try {
      // 1. Observe: where does the primary run, and what is published? Both as the API server has them now.
      const [observation, found] = await Promise.all([
        this.#observe(leadership, nodes.expect),
        status.read(leadership.abort),
      ]);
      // 2. Resolve the site of its node, or say why that is unknown: then nothing moves.
      resolved = await resolveSite(observation, this.#options.sites, nodes, leadership.abort);
      // The Lease may be somebody else's in the copy to which etcd was restored.
      if (api.restored !== this.#restored && (await leadership.confirm()) === undefined) return false;
      // Another replica has led in between, and the Lease was recreated: as at the start, what is published counts.
      if (await status.assertNotDeposed(found, leadership)) this.#believed = undefined;
      // 3. Decide what has to be published: pure, and the only place that does.
      const decision = this.#decide(resolved, found, leadership);
      // 4. Store it if it differs: by compare-and-set, and never after another leader.
      const wrote = decision.differs && (await this.#store(decision, found, leadership));
      this.#believed = decision.after;
      if (wrote || !decision.differs) lastPublished.note(decision.after);
      // 5. Publish it to signals, report, Events and metrics.
      const movedAt = observation.kind === 'located' ? observation.movedAt : undefined;
      this.#publish({ before: this.#lastDelivered ?? decision.before, after: decision.after, movedAt });
      this.#restored = restored;
      this.#failures = resolved.kind === 'unknown' && resolved.reason === 'ApiError' ? this.#failures + 1 : 0;
      this.#reconciled({ ms: clock.elapsed() - started, resolved, wrote, restored });
    } catch (error) {
      if (leadership.abort.aborted) return false;
      this.#reconciled({ ms: clock.elapsed() - started, resolved, wrote: false, error });
      if (error instanceof DeposedError) return false;
      this.#failures += 1;
      // Somebody wrote between our read and our write: reconcile again at once, but do not race for ever.
      const raced = isConflict(error) || isAlreadyExists(error);
      if (raced && this.#failures <= RACES_AT_ONCE) this.#options.wakeup.notify();
    }
    return true;
  }

  async #observe(leadership: Leadership, expect: (node: string) => void): Promise<Observation> {
    try {
      const { trigger, clock } = this.#options;
      return await withDeadline(
        clock,
        OBSERVATION_TIMEOUT_MS,
        leadership.abort,
        'what is followed',
        (abort) => trigger.observe(abort, leadership, expect),
      );
    } catch (error) {
      leadership.abort.throwIfAborted();
      return { kind: 'unknown', reason: 'ApiError', message: explain(error) };
    }
  }

  #decide(resolved: ResolvedObservation, found: StoredConfigMap, leadership: Leadership): Decision {
    const { clock, lastTransition, lastSites, lastPublished } = this.#options;
    const read = decodeStatus(found.data);
    const recreate = read !== undefined && isImplausible(read.epoch);
    const published = recreate ? undefined : read;
    const floor = decodeEpoch(found.data.epoch) ?? 0;
    const last = lastKnown(lastTransition(), lastPublished.status);
    const before =
      this.#unansweredThatIs(published) ?? this.#believed ?? recall(published, last, lastSites());
    const after = decide({
      believed: before,
      published,
      epochFloor: Math.max(isImplausible(floor) ? 0 : floor, last?.epoch ?? 0, lastPublished.epoch),
      resolved,
      sites: this.#nodes(before, resolved),
      now: timestamp(clock),
    });
    const isOfThisTerm = found.term === leadership.term;
    const differs = published === undefined || !isSame(published, after) || !isOfThisTerm;
    return { before, after, differs, recreate };
  }

  #publish(change: StatusChange): void {
    const last = this.#lastDelivered;
    this.#lastDelivered = change.after;
    if (last !== undefined && isSame(last, change.after)) return;
    for (const subscriber of this.#options.subscribers) subscriber.onStatus?.(change);
  }

  #reconciled(result: ReconcileResult): void {
    for (const subscriber of this.#options.subscribers) subscriber.onReconciled?.(result);
  }

  /** What is published without nodes makes each pod one of no site, so it is better to publish nothing for a while. */
  #nodes(before: Status | undefined, resolved: ResolvedObservation): Status['sites'] {
    const sites = this.#options.nodesBySite({ before, resolved }) ?? before?.sites ?? {};
    if (Object.keys(sites).length > 0) return sites;
    throw new Error(
      'the nodes have not been listed yet, and no status says which of them belong to which site',
    );
  }

  /**
   * A write that failed may have been stored all the same, unless it was clearly refused. The next reconcile finds out: to
   * go on from what was published before would take readers back to the site that they have just left. False in a dry run.
   */
  async #store(
    { after, recreate }: Decision,
    found: StoredConfigMap,
    leadership: Leadership,
  ): Promise<boolean> {
    let stored: StoredConfigMap;
    try {
      stored = await this.#options.status.write(found, encodeStatus(after), leadership, recreate);
    } catch (error) {
      if (mayBeStored(error)) this.#unanswered = [...this.#unanswered, after].slice(-MAX_UNANSWERED);
      throw error;
    }
    this.#unanswered = [];
    return stored !== found;
  }

  /** The one of the unanswered writes that is published, if any is. */
  #unansweredThatIs(published: Status | undefined): Status | undefined {
    return published && this.#unanswered.find((status) => isSame(published, status));
  }
}

function isSame(published: Status, desired: Status): boolean {
  return sameContent(published, desired) && published.lastUpdated === desired.lastUpdated;
}
