import { type FollowedSubject, followedPods } from '../../../contract/followed.ts';
import { PROGRAM } from '../../../contract/names.ts';
import { sitesByNode } from '../../../contract/status.ts';
import { retryOnConflict } from '../../../kubernetes/conflict.ts';
import { ignoreNotFound } from '../../../kubernetes/errors.ts';
import type { Leadership } from '../../../kubernetes/leadership.ts';
import { ObjectIndex, parseKey } from '../../../kubernetes/object-index.ts';
import { keyOf } from '../../../kubernetes/reflector.ts';
import { PODS, type Pod } from '../../../kubernetes/resources.ts';
import type { WorkQueue } from '../../../kubernetes/work-queue.ts';
import { timestamp } from '../../../runtime/clock.ts';
import type { FollowerConfig } from '../../config.ts';
import { TenantLog } from '../../tenant-log.ts';
import { queueOf, type WatchPorts } from '../../watch/reflect.ts';
import type { SharedReflector, WatchListener } from '../../watch/shared-reflector.ts';
import type { SignalPorts } from '../ports.ts';
import type { PublishedStatus, Signal } from '../signal.ts';
import { MoveOrder } from './move-order.ts';
import {
  type ConditionGoal,
  type ConditionOrder,
  conditionPatch,
  type DesiredCondition,
  desiredCondition,
  type GatedPod,
  gatedPod,
  inOrder,
  memberOf,
} from './plan.ts';

export interface PodConditionsOptions {
  readonly ports: WatchPorts;
  readonly watchedPods: SharedReflector<Pod, GatedPod>;
  readonly follower: string;
  readonly order: ConditionOrder;
  /** What the follower follows. */
  readonly subject: FollowedSubject;
  /** A write that will be tried again; `pod` is its namespace and name. */
  readonly onFailure: (pod: string, error: unknown) => void;
}

const RESYNC_MS = 60_000;
/** Writes in flight at a move. The API server sets the pace. */
const PARALLEL = 16;
const MAX_KEYS = 50_000;
const RETRY = { base: 250, max: 10_000 };
const ATTEMPTS = 3;
/** A pod that cannot be written must not block those of the other site for ever. */
const PATIENCE_MS = 10_000;

/**
 * The condition that the readiness gate of `gate: condition` asks for. It stands in the pod's status, where a kubelet
 * that restarts finds it again. At a move the pods of one site are written first in each namespace, then those of the other;
 * new pods at once.
 */
export class PodConditions implements Signal {
  readonly name = 'pod-conditions';
  readonly resyncMs = RESYNC_MS;
  readonly #options: PodConditionsOptions;
  readonly #pods = new ObjectIndex<GatedPod>();
  readonly #queue: WorkQueue;
  readonly #order: MoveOrder;
  #endPatience: () => void = () => undefined;
  /** Of the epoch, on the monotonic clock; however often its state is published. */
  #patienceEndsAt = 0;
  /** All pods are known, so that they can be put in order. */
  #synced = false;
  #goal: ConditionGoal | undefined;
  #leadership: Leadership | undefined;

  constructor(options: PodConditionsOptions) {
    this.#options = options;
    this.#queue = queueOf(options.ports, {
      concurrency: PARALLEL,
      maxKeys: MAX_KEYS,
      retry: RETRY,
      work: (key) => this.#bringInLine(key),
      onFailure: options.onFailure,
    });
    this.#order = new MoveOrder((key) => this.#queue.add(key));
  }

  async watch(_wake: () => void, abort: AbortSignal): Promise<void> {
    const listener: WatchListener<GatedPod> = {
      onChange: (key, now) => this.#onPod(key, now),
      onRestored: () => this.#pods.clear(),
      onSynced: () => {
        this.#synced = true;
        this.#putInOrder();
      },
    };
    await Promise.all([this.#options.watchedPods.listen(listener, abort), this.#queue.run(abort)]);
    this.#endPatience();
  }

  /** Resolves when everything is queued; what fails is retried one by one, with the newest state. */
  apply({ status, site }: PublishedStatus, leadership: Leadership): Promise<void> {
    this.#leadership = leadership;
    const { subject, ports } = this.#options;
    const { clock } = ports;
    if (site !== undefined) {
      if (status.epoch !== this.#goal?.epoch) this.#patienceEndsAt = clock.elapsed() + PATIENCE_MS;
      this.#goal = {
        site: status.activeSite,
        epoch: status.epoch,
        siteOf: sitesByNode(status.sites),
        followed: followedPods(subject, status.primary),
      };
    }
    this.#putInOrder();
    return Promise.resolve();
  }

  #putInOrder(): void {
    if (!this.#synced) return;
    const { ports, order } = this.#options;
    const { first, second } = inOrder(this.#pods.all(), this.#goal, order);
    const keys = first.map(({ key }) => keyOf(key));
    for (const key of keys) this.#queue.add(key);
    this.#order.begin(
      keys,
      second.map(({ key }) => keyOf(key)),
    );
    this.#endPatience();
    const patienceMs = this.#patienceEndsAt - ports.clock.elapsed();
    if (patienceMs <= 0) this.#order.releaseAll();
    else this.#endPatience = ports.clock.after(patienceMs, () => this.#order.releaseAll());
  }

  #onPod(key: string, now: GatedPod | undefined): void {
    if (now === undefined || now.follower !== this.#options.follower) {
      this.#pods.delete(parseKey(key));
      this.#order.forget(key);
    } else if (this.#pods.set(now) && this.#synced) {
      const wanted = desiredCondition(now, this.#goal)?.status;
      if (wanted === undefined || wanted === now.active || this.#order.isWaiting(key)) return;
      // A new pod of the new site, while there are some of the old one that are to go before.
      const isLater = this.#options.order === 'old-site-first' && memberOf(now, this.#goal) === undefined;
      const isEarly = isLater && wanted === 'True' && this.#order.hasFirst(key);
      if (isEarly) this.#order.defer(key);
      else this.#queue.add(key);
    }
  }

  async #bringInLine(key: string): Promise<void> {
    let pod = this.#pods.get(parseKey(key));
    const isDone = await retryOnConflict(ATTEMPTS, async (isRetry) => {
      const [goal, leadership] = [this.#goal, this.#leadership];
      if (isRetry && pod !== undefined && leadership !== undefined) {
        pod = await this.#read(pod, leadership.abort);
      }
      const wanted = pod && desiredCondition(pod, goal);
      if (pod === undefined || wanted === undefined || wanted.status === pod.active) return true;
      if (leadership?.isLeader() !== true) return false;
      await this.#write(pod, wanted, leadership.abort).catch(ignoreNotFound);
      return true;
    });
    if (isDone) this.#order.done(key);
  }

  async #write(pod: GatedPod, wanted: DesiredCondition, abort: AbortSignal): Promise<void> {
    const { api, clock } = this.#options.ports;
    const options = { type: 'strategic', subresource: 'status', fieldManager: PROGRAM, abort } as const;
    const body = conditionPatch(pod, wanted, timestamp(clock));
    this.#pods.update(gatedPod(await api.patch(PODS, pod.key, body, options)));
  }

  /** The kubelet writes the same status, so the watch may be behind. */
  async #read({ key }: GatedPod, abort: AbortSignal): Promise<GatedPod | undefined> {
    const { namespace, name } = key;
    const fieldSelector = `metadata.name=${name}`;
    const { items } = await this.#options.ports.api.list(PODS, { namespace, fieldSelector, abort });
    const [found] = items.map(gatedPod);
    if (found !== undefined) this.#pods.update(found);
    return found;
  }
}

export function podConditions(
  { name: follower, routing }: FollowerConfig,
  ports: SignalPorts,
): readonly Signal[] {
  if (!routing.podConditions) return [];
  const { metrics, subject } = ports;
  const log = new TenantLog(ports.log, ports.clock);
  const signal = new PodConditions({
    ports,
    watchedPods: ports.gatedPods,
    subject,
    follower,
    order: routing.conditionOrder,
    onFailure(pod, err) {
      metrics.routingFailures.inc({ follower, kind: 'condition' });
      log.warn(pod, { follower, pod, err }, 'pod condition could not be written, retrying');
    },
  });
  return [signal];
}
