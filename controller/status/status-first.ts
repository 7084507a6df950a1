import type { CallOptions, KubeApi } from '../../kubernetes/api.ts';
import { KubeError } from '../../kubernetes/errors.ts';
import { aborted, type Clock, withDeadline } from '../../runtime/clock.ts';
import type { ReconcileResult, ReconcileSubscriber } from '../reconciler.ts';

/** A status that cannot be stored for longer is reported by the reconciles that fail. */
const PATIENCE_MS = 10_000;

/**
 * The API server as signals use it: what follows the status is never written before the status is stored. That is so by
 * itself, until etcd is restored to an older copy. From then on every write waits for the next reconcile: a
 * leader that died before it would leave behind what belongs to an epoch that no status knows of.
 */
export class StatusFirst implements KubeApi, ReconcileSubscriber {
  readonly #api: KubeApi;
  readonly #clock: Clock;
  /** As it was when the reconcile began that has found or stored the status last. */
  #stored: AbortSignal | undefined;
  #next = Promise.withResolvers<void>();

  constructor(api: KubeApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
    this.#stored = api.restored;
  }

  get restored(): AbortSignal | undefined {
    return this.#api.restored;
  }

  /** Without an error the status is stored. `restored`: that of the API when the reconcile began. */
  onReconciled({ error, restored }: Pick<ReconcileResult, 'error' | 'restored'>): void {
    if (error !== undefined) return;
    this.#stored = restored;
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }

  readonly get: KubeApi['get'] = (...call) => this.#api.get(...call);
  readonly list: KubeApi['list'] = (...call) => this.#api.list(...call);
  readonly watch: KubeApi['watch'] = (...call) => this.#api.watch(...call);

  readonly create: KubeApi['create'] = async (resource, object, options) => {
    await this.whenStored(options);
    return this.#api.create(resource, object, options);
  };

  readonly replace: KubeApi['replace'] = async (resource, object, options) => {
    await this.whenStored(options);
    return this.#api.replace(resource, object, options);
  };

  readonly patch: KubeApi['patch'] = async (resource, key, body, options) => {
    await this.whenStored(options);
    return this.#api.patch(resource, key, body, options);
  };

  readonly delete: KubeApi['delete'] = async (resource, key, options) => {
    await this.whenStored(options);
    return this.#api.delete(resource, key, options);
  };

  /** A caller that had to wait has planned its write for an older status: as after a conflict, it has to plan again. */
  async whenStored({ abort }: CallOptions = {}): Promise<void> {
    const isStored = () => this.#stored === this.#api.restored;
    if (isStored()) return;
    const what = 'the status that has to be stored first, since etcd was restored,';
    await withDeadline(this.#clock, PATIENCE_MS, abort, what, async (until) => {
      while (!isStored() && !until.aborted) await Promise.race([this.#next.promise, aborted(until)]);
    });
    throw new KubeError('etcd was restored to an older copy since this write was planned', {
      status: 409,
      reason: 'Conflict',
    });
  }
}
