import type { KubeObject, Resource } from '../../kubernetes/api.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { ApiServer, Copy } from './api-server.ts';
import { CLUSTER } from './postgres.ts';

const EVERY_MS = 1_000;
const KEPT = 60;

/** Copies of etcd of the last minute, and putting one back. */
export class Backups {
  readonly #server: ApiServer;
  readonly #copies: Copy[] = [];

  constructor(server: ApiServer, clock: VirtualClock) {
    this.#server = server;
    const take = () => {
      this.#copies.unshift(server.copy());
      this.#copies.length = Math.min(this.#copies.length, KEPT);
      clock.after(EVERY_MS, take);
    };
    take();
  }

  /** What runs goes on as it is: kubelets and operator write it again before anybody else writes. */
  restored(seconds: number): void {
    const copy = this.#copies[Math.min(seconds, this.#copies.length - 1)];
    if (copy !== undefined) this.#server.restored('operator', copy, runs);
    this.#copies.length = 0;
  }
}

function runs({ plural }: Resource, { metadata }: KubeObject): boolean {
  return plural === 'nodes' || metadata.namespace === CLUSTER.namespace;
}
