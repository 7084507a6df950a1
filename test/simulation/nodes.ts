import { NODES, type Node } from '../../kubernetes/resources.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { ApiServer } from './api-server.ts';
import { NODE_LABELS, SITE_NODES } from './postgres.ts';

/** What may happen to a node, apart from the primary that runs on it. */
export const NODE_TROUBLES = ['loses its labels', 'comes anew', 'is unready'] as const;

export interface NodeTrouble {
  readonly kind: 'node';
  readonly nodes: readonly string[];
  readonly what: (typeof NODE_TROUBLES)[number];
  /** How long it lasts until all is as before. */
  readonly ms: number;
}

/** A node alone, or all those of a site. */
export const NODE_GROUPS: readonly (readonly string[])[] = [
  ...SITE_NODES.map((node) => [node]),
  ['us-1', 'us-2'],
  ['us-1', 'us-2'],
  ['eu-1', 'eu-2'],
];

/** A machine starts anew in less. */
const AWAY_MS = 3_000;

/** Nodes that lose their labels, come anew without them, and are unready for a while. */
export class Nodes {
  readonly #server: ApiServer;
  readonly #clock: VirtualClock;
  #calm = false;

  constructor(server: ApiServer, clock: VirtualClock) {
    this.#server = server;
    this.#clock = clock;
  }

  trouble({ nodes, what, ms }: NodeTrouble): void {
    for (const node of nodes) this.#trouble(node, what, ms);
  }

  #trouble(node: string, what: NodeTrouble['what'], ms: number): void {
    switch (what) {
      case 'loses its labels':
        this.#label(node, null);
        break;
      case 'comes anew':
        if (this.#find(node) !== undefined) this.#server.delete('human', NODES, { name: node }, {});
        this.#later(Math.min(ms, AWAY_MS), () => this.#register(node));
        break;
      case 'is unready':
        this.#setReady(node, 'Unknown');
        break;
    }
    this.#later(ms, () => this.#restore(node));
  }

  /** Everything is as it was, and stays so. */
  calmDown(): void {
    this.#calm = true;
    for (const node of SITE_NODES) this.#restore(node);
  }

  #later(ms: number, task: () => void): void {
    this.#clock.after(ms, () => {
      if (!this.#calm) task();
    });
  }

  #restore(node: string): void {
    this.#register(node);
    this.#label(node, NODE_LABELS[node]?.region ?? null);
    this.#setReady(node, 'True');
  }

  /** As its kubelet does, which knows nothing of the labels that a human or a cloud gives it. */
  #register(name: string): void {
    if (this.#find(name) !== undefined) return;
    this.#server.create('kubelet', NODES, { metadata: { name } });
    this.#setReady(name, 'True');
  }

  #label(name: string, region: string | null): void {
    if (this.#find(name) === undefined) return;
    this.#server.patch('human', NODES, { name }, { metadata: { labels: { region } } }, { type: 'merge' });
  }

  #setReady(name: string, status: 'True' | 'Unknown'): void {
    const node = this.#find(name);
    if (node === undefined || node.status?.conditions?.some((one) => one.status === status)) return;
    const lastTransitionTime = new Date(this.#clock.now()).toISOString();
    const body = { status: { conditions: [{ type: 'Ready', status, lastTransitionTime }] } };
    this.#server.patch('kubelet', NODES, { name }, body, { type: 'merge', subresource: 'status' });
  }

  #find(name: string): Node | undefined {
    return this.#server.find(NODES, { name });
  }
}
