import { setTimeout as delay } from 'node:timers/promises';
import type { KubeApi, ObjectKey } from '../../../kubernetes/api.ts';
import { LEASES } from '../../../kubernetes/resources.ts';
import { Background } from '../../support/background.ts';

const PERIOD_MS = 250;

/** Whether the Lease stays with its holder, and how long it ever went without being renewed. */
export class LeaseWatch extends Background {
  readonly holders = new Set<string>();
  longestMs = 0;
  readonly #api: KubeApi;
  readonly #key: ObjectKey;

  constructor(api: KubeApi, key: ObjectKey) {
    super();
    this.#api = api;
    this.#key = key;
  }

  protected override async run(abort: AbortSignal): Promise<void> {
    let renewed = '';
    let since = performance.now();
    while (!abort.aborted) {
      const { spec } = await this.#api.get(LEASES, this.#key);
      const { holderIdentity = '', renewTime = '' } = spec ?? {};
      this.holders.add(holderIdentity ?? '');
      if (renewTime !== renewed) [renewed, since] = [renewTime ?? '', performance.now()];
      this.longestMs = Math.max(this.longestMs, performance.now() - since);
      await delay(PERIOD_MS);
    }
  }
}
