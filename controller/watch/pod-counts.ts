import { databaseMember } from '../../contract/databases.ts';
import { ANNOTATIONS, followerOf, LABELS } from '../../contract/names.ts';
import { type Status, sitesByNode } from '../../contract/status.ts';
import { hasEnded, isReady } from '../../kubernetes/ready.ts';
import type { Reflector } from '../../kubernetes/reflector.ts';
import { PODS, type Pod } from '../../kubernetes/resources.ts';
import { reflect, type WatchPorts } from './reflect.ts';

/** The pods of one follower on one node or in one site that asked for the sidecar, and have not ended. */
export interface PodCount {
  readonly ready: number;
  readonly total: number;
  /** Ready ones whose readiness the sidecar decides: on a standby site there should be none. */
  readonly gatedReady: number;
  /** Without the sidecar, although they asked for it. */
  readonly missed: number;
}

export const NO_PODS: PodCount = { ready: 0, total: 0, gatedReady: 0, missed: 0 };

const NOTIFY_MS = 250;

/**
 * Counts pods from a watch, so that a look costs nothing. Of each pod a short text is kept that many share, because
 * there may be thousands.
 */
export class PodCounts {
  readonly #pods: Reflector<Pod, string>;
  /** By follower, node and kind of pod, as {@link classOf} makes the key. */
  readonly #counts = new Map<string, number>();
  readonly #classes = new Map<string, string>();

  /** `onChange` is called at most four times a second: in a failover all pods change at once. */
  constructor(ports: WatchPorts, followers: readonly string[], onChange: () => void) {
    let waiting = false;
    const notify = () => {
      if (waiting) return;
      waiting = true;
      ports.clock.after(NOTIFY_MS, () => {
        waiting = false;
        onChange();
      });
    };
    this.#pods = reflect(ports, {
      resource: PODS,
      labelSelector: `${LABELS.inject}=true`,
      transform: (pod: Pod) => this.#share(classOf(pod, followers)),
      onChange: (_key, now, before) => {
        if (now === before) return;
        this.#count(before, -1);
        this.#count(now, 1);
        notify();
      },
    });
    void this.#pods.synced.then(notify);
  }

  run(abort: AbortSignal): Promise<void> {
    return this.#pods.run(abort);
  }

  /** By the name of the node; undefined until all pods were listed once. */
  byNode(follower: string): ReadonlyMap<string, PodCount> | undefined {
    if (!this.#pods.isSynced) return undefined;
    const nodes = new Map<string, PodCount>();
    for (const [key, count] of this.#counts) {
      const [owner, node = '', kind = ''] = key.split('/');
      if (owner !== follower) continue;
      const sum = nodes.get(node) ?? NO_PODS;
      nodes.set(node, {
        ready: sum.ready + (kind.includes('r') ? count : 0),
        total: sum.total + count,
        gatedReady: sum.gatedReady + (kind.includes('r') && kind.includes('g') ? count : 0),
        missed: sum.missed + (kind.includes('m') ? count : 0),
      });
    }
    return nodes;
  }

  #count(key: string | undefined, change: 1 | -1): void {
    if (!key) return;
    const count = (this.#counts.get(key) ?? 0) + change;
    if (count > 0) {
      this.#counts.set(key, count);
      return;
    }
    // Nodes come and go for years.
    this.#counts.delete(key);
    this.#classes.delete(key);
  }

  /** One text for all pods of a class. There are as many classes as followers and nodes with pods. */
  #share(key: string): string {
    const known = this.#classes.get(key);
    if (known === undefined) this.#classes.set(key, key);
    return known ?? key;
  }
}

/** `follower/node/kind`, where the kind has r: ready, g: the sidecar decides that, m: missed. Empty: does not count. */
function classOf(pod: Pod, followers: readonly string[]): string {
  const { metadata, spec } = pod;
  const { annotations = {} } = metadata;
  const nodeName = spec?.nodeName;
  if (nodeName === undefined || hasEnded(pod)) return '';
  if (databaseMember(pod) !== undefined) return '';
  const follower = followerOf(metadata);
  if (!followers.includes(follower)) return '';
  const injected = annotations[ANNOTATIONS.status] !== undefined;
  const gated = injected && annotations[ANNOTATIONS.gate] !== 'none';
  return `${follower}/${nodeName}/${isReady(pod) ? 'r' : ''}${gated ? 'g' : ''}${injected ? '' : 'm'}`;
}

/** What stands in each site, by the nodes that the status names; what runs on other nodes is under an empty name. */
export function bySite(
  nodes: ReadonlyMap<string, PodCount>,
  sites: Status['sites'],
): Record<string, PodCount> {
  const siteOf = sitesByNode(sites);
  const counts: Record<string, PodCount> = Object.fromEntries(
    Object.keys(sites).map((site) => [site, NO_PODS]),
  );
  for (const [node, count] of nodes) {
    const site = siteOf.get(node) ?? '';
    const sum = counts[site] ?? NO_PODS;
    counts[site] = {
      ready: sum.ready + count.ready,
      total: sum.total + count.total,
      gatedReady: sum.gatedReady + count.gatedReady,
      missed: sum.missed + count.missed,
    };
  }
  return counts;
}
