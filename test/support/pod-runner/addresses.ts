import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

const ATTEMPTS = 50;
/** Nobody else's business: whoever listens here has the block. */
const LOCK_PORT = 9_910;
const MOST_IN_NODE = 254;

export interface PodAddress {
  /** What Kubernetes is told: an EndpointSlice takes no loopback address. */
  readonly ip: string;
  /** Where the pod really listens on this machine. */
  readonly local: string;
}

/** Addresses for pods: to 10.x.y.z belongs 127.x.y.z, where x is this run's own and y the node's. */
export class Addresses {
  readonly #lock: Server;
  readonly #block: number;
  readonly #nodes: string[] = [];
  readonly #taken = new Set<string>();

  private constructor(lock: Server, block: number) {
    this.#lock = lock;
    this.#block = block;
  }

  static async claim(): Promise<Addresses> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const block = randomInt(1, 255);
      const lock = createServer();
      lock.listen(LOCK_PORT, `127.${block}.0.1`);
      // Taken by another run: try another.
      const isOurs = await once(lock, 'listening').then(
        () => true,
        () => false,
      );
      if (isOurs) return new Addresses(lock, block);
    }
    throw new Error(`No block of loopback addresses is free in ${ATTEMPTS} attempts`);
  }

  take(node: string): PodAddress {
    if (!this.#nodes.includes(node)) this.#nodes.push(node);
    const subnet = `${this.#block}.${this.#nodes.indexOf(node) + 1}`;
    for (let host = 1; host <= MOST_IN_NODE; host += 1) {
      const rest = `${subnet}.${host}`;
      if (this.#taken.has(rest)) continue;
      this.#taken.add(rest);
      return { ip: `10.${rest}`, local: `127.${rest}` };
    }
    throw new Error(`Node ${node} has no address left for another pod`);
  }

  /** For the next pod. */
  release({ local }: PodAddress): void {
    this.#taken.delete(local.replace('127.', ''));
  }

  close(): void {
    this.#lock.close();
  }
}
