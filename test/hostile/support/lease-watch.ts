import { setTimeout as delay } from 'node:timers/promises';
import type { KubeApi, ObjectKey } from '../../../kubernetes/api.ts';
import { LEASES } from '../../../kubernetes/resources.ts';

const PERIOD_MS = 250;

/** Whether the Lease stays with its holder, and how long it ever went without being renewed. */
export class LeaseWatch {
  readonly holders = new Set<string>();
  longestMs = 0;
  readonly #api: KubeApi;
  readonly #key: ObjectKey;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(api: KubeApi, key: ObjectKey) {
    this.#api = api;
    this.#key = key;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    let renewed = '';
    let since = performance.now();
    while (!this.#stop.signal.aborted) {
      const { spec } = await this.#api.get(LEASES, this.#key);
      const { holderIdentity = '', renewTime = '' } = spec ?? {};
      this.holders.add(holderIdentity ?? '');
      if (renewTime !== renewed) [renewed, since] = [renewTime ?? '', performance.now()];
      this.longestMs = Math.max(this.longestMs, performance.now() - since);
      await delay(PERIOD_MS);
    }
  }
}
