import { PROGRAM } from '../../../contract/names.ts';
import { activeLabel } from '../../../contract/routing.ts';
import { ignoreNotFound } from '../../../kubernetes/errors.ts';
import type { Leadership } from '../../../kubernetes/leadership.ts';
import type { Reflector } from '../../../kubernetes/reflector.ts';
import { NODES, type Node } from '../../../kubernetes/resources.ts';
import type { FollowerConfig } from '../../config.ts';
import { reflect, type WatchPorts } from '../../watch/reflect.ts';
import type { SignalPorts } from '../ports.ts';
import type { PublishedStatus, Signal } from '../signal.ts';

interface KnownNode {
  readonly name: string;
  readonly version: string;
  /** The label's value. */
  readonly active: string | undefined;
}

const RESYNC_MS = 60_000;

/**
 * Nodes of the active site carry a label, so that workloads can be scheduled beside the primary. The old ones lose it
 * before the new ones get it, so it never names two sites.
 */
export class NodeLabel implements Signal {
  readonly name = 'node-label';
  readonly resyncMs = RESYNC_MS;
  readonly #ports: WatchPorts;
  readonly #label: string;
  readonly #nodes: Reflector<Node, KnownNode>;
  #enqueue: () => void = () => undefined;

  constructor(ports: WatchPorts, follower: string) {
    this.#ports = ports;
    this.#label = activeLabel(follower);
    this.#nodes = reflect(ports, {
      resource: NODES,
      metadataOnly: true,
      transform: ({ metadata: { name, resourceVersion: version = '', labels = {} } }) => ({
        name,
        version,
        active: labels[this.#label],
      }),
      onChange: (_name, now, before) => {
        if (before === undefined || now?.active !== before.active) this.#enqueue();
      },
    });
  }

  async watch(enqueue: () => void, abort: AbortSignal): Promise<void> {
    this.#enqueue = enqueue;
    void this.#nodes.synced.then(enqueue);
    await this.#nodes.run(abort);
  }

  async apply({ status, site }: PublishedStatus, leadership: Leadership): Promise<void> {
    if (site === undefined || !this.#nodes.isSynced) return;
    const active = new Set(status.sites[status.activeSite]);
    const nodes = [...this.#nodes.list()];
    const label = (value: string | null) => (node: KnownNode) => this.#write(node, value, leadership);
    const old = nodes.filter((node) => node.active !== undefined && !active.has(node.name));
    await Promise.all(old.map(label(null)));
    const fresh = nodes.filter((node) => node.active !== 'true' && active.has(node.name));
    await Promise.all(fresh.map(label('true')));
  }

  /** A compare-and-set, so that a deposed leader cannot bring an older site back. Throws KubeError: it is tried again. */
  async #write({ name, version }: KnownNode, value: string | null, leadership: Leadership): Promise<void> {
    if (!leadership.isLeader()) return;
    const { abort } = leadership;
    const body = { metadata: { resourceVersion: version, labels: { [this.#label]: value } } };
    const options = { type: 'merge', fieldManager: PROGRAM, abort } as const;
    await this.#ports.api.patch(NODES, { name }, body, options).catch(ignoreNotFound);
  }
}

export function nodeLabel(
  { name: follower, routing }: FollowerConfig,
  ports: SignalPorts,
): readonly Signal[] {
  return routing.nodeLabel ? [new NodeLabel(ports, follower)] : [];
}
