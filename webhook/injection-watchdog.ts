import type { FollowedPods } from '../contract/followed.ts';
import { LABELS, PROGRAM } from '../contract/names.ts';
import type { KubeApi, ListOptions } from '../kubernetes/api.ts';
import { ignoreNotFound } from '../kubernetes/errors.ts';
import type { EventRecorder } from '../kubernetes/events.ts';
import type { Leadership } from '../kubernetes/leadership.ts';
import { NamespaceBudget } from '../kubernetes/namespace-budget.ts';
import { listEach } from '../kubernetes/pages.ts';
import { hasEnded } from '../kubernetes/ready.ts';
import { CONFIG_MAPS, type KubeEvent, NAMESPACES, PODS, type Pod } from '../kubernetes/resources.ts';
import { backoff } from '../runtime/backoff.ts';
import { type Clock, type Random, sleep } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import { isMissed } from './inject/decision.ts';
import { ASKING_PODS, PODS_WITHOUT_LABEL } from './inject/label.ts';
import type { Metrics } from './metrics.ts';
import { ownerReference, recordEvent } from './outcomes.ts';
import { controllerOf } from './subject.ts';

export interface WatchdogOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly events: EventRecorder;
  /** Of the controller, where nothing is injected. */
  readonly namespace: string;
  /** The followed pods, as far as they are known. */
  readonly followed: () => readonly FollowedPods[];
}

/** Lists the pods that were missed. */
export const INJECTION_CONFIGMAP = `${PROGRAM}-injection`;

const SWEEP_MS = 60_000;
const RETRY = { base: 2_000, max: SWEEP_MS };
/** Pods that the ConfigMap lists; the count is always complete. */
const MAX_LISTED = 100;

interface Missed {
  readonly uid: string;
  readonly namespace: string;
  readonly pod: string;
  readonly owner: KubeEvent['regarding'] | undefined;
}

/**
 * Finds pods that ask for the sidecar and run without it: created while the webhook was down with failurePolicy Ignore, or
 * before they asked. It reports them, and deletes nothing. Runs on the leader only.
 */
export class InjectionWatchdog {
  readonly #options: WatchdogOptions;
  /** UIDs for which an Event was recorded. */
  #reported: ReadonlySet<string> = new Set();
  readonly #budget: NamespaceBudget;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#budget = new NamespaceBudget(options.clock);
  }

  /** Resolves when the leadership has ended. */
  async run({ abort }: Leadership): Promise<void> {
    const { clock, random, log, metrics } = this.#options;
    metrics.leader.set(1);
    try {
      for (let failures = 0; !abort.aborted; ) {
        let wait = SWEEP_MS;
        try {
          await this.sweep(abort);
          failures = 0;
        } catch (err) {
          if (abort.aborted) return;
          log.warn({ err }, 'sweep for missing sidecars failed, retrying');
          wait = backoff(failures, RETRY, random);
          failures += 1;
        }
        await sleep(clock, wait, abort);
      }
    } finally {
      metrics.leader.set(0);
      metrics.podsMissed.set(0);
    }
  }

  /** Reports all such pods. */
  async sweep(abort: AbortSignal): Promise<void> {
    const { api, clock, metrics, log, events } = this.#options;
    const missed: Missed[] = [];
    const look = async (options: ListOptions) => {
      for await (const pod of listEach(api, PODS, { ...options, abort })) {
        if (this.#isMissed(pod)) missed.push(describe(pod));
      }
    };
    await look({ labelSelector: ASKING_PODS });
    const asking = listEach(api, NAMESPACES, {
      labelSelector: `${LABELS.inject}=true`,
      metadataOnly: true,
      abort,
    });
    for await (const { metadata } of asking) {
      await look({ namespace: metadata.name, labelSelector: PODS_WITHOUT_LABEL });
    }
    metrics.podsMissed.set(missed.length);
    metrics.lastSweep.set(clock.now() / 1_000);
    // A later sweep reports those for which the budget of their namespace is used up.
    const reported = new Set(missed.flatMap(({ uid }) => (this.#reported.has(uid) ? [uid] : [])));
    for (const { uid, namespace, pod, owner } of missed) {
      if (reported.has(uid) || !this.#budget.take(namespace)) continue;
      reported.add(uid);
      log.warn({ namespace, pod }, 'pod runs without the sidecar that it asks for');
      const regarding = owner ?? { apiVersion: 'v1', kind: 'Pod', namespace, name: pod, uid };
      const note = `Pod ${pod} runs without the sidecar that it asks for: it was created before it asked, or while the webhook was away. Delete it, and its successor gets it`;
      recordEvent(events, 'InjectionMissed', note, regarding);
    }
    this.#reported = reported;
    await this.#report(missed, abort);
  }

  #isMissed(pod: Pod): boolean {
    if (hasEnded(pod) || pod.metadata.deletionTimestamp !== undefined) return false;
    return isMissed(pod, this.#options.namespace, this.#options.followed());
  }

  /** Writes only what has changed. */
  async #report(missed: readonly Missed[], abort: AbortSignal): Promise<void> {
    const { api, namespace } = this.#options;
    const key = { name: INJECTION_CONFIGMAP, namespace };
    const pods = missed.slice(0, MAX_LISTED).map(({ namespace, pod, owner }) => ({
      namespace,
      pod,
      ...(owner !== undefined && { owner: `${owner.kind}/${owner.name}` }),
    }));
    const data = { missed: String(missed.length), pods: JSON.stringify(pods) };
    const found = await api.get(CONFIG_MAPS, key, { abort }).catch(ignoreNotFound);
    if (found?.data?.missed === data.missed && found.data.pods === data.pods) return;
    if (found !== undefined) {
      await api.replace(CONFIG_MAPS, { ...found, data: { ...found.data, ...data } }, { abort });
      return;
    }
    const labels = { [LABELS.managedBy]: PROGRAM, [LABELS.role]: 'injection' };
    await api.create(CONFIG_MAPS, { metadata: { ...key, labels }, data }, { abort });
  }
}

function describe({ metadata }: Pod): Missed {
  const { uid = '', namespace = '', name: pod } = metadata;
  const owner = controllerOf(metadata);
  return { uid, namespace, pod, owner: owner && ownerReference(owner, namespace) };
}
