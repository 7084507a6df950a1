import { EventEmitter } from 'node:events';
import { decodeStatus, type Status } from '../../contract/status.ts';
import type { KubeApi, ObjectKey } from '../../kubernetes/api.ts';
import { Reflector } from '../../kubernetes/reflector.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../kubernetes/resources.ts';
import { systemClock } from '../../runtime/clock.ts';

export interface Sighting {
  readonly status: Status;
  /** performance.now() when it was seen here. */
  readonly at: number;
}

/** Sees each version of a status ConfigMap as the API server tells it, beside the controller and not through it. */
export class StatusWatch {
  readonly #news = new EventEmitter<{ seen: [Sighting] }>().setMaxListeners(0);
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #last: Sighting | undefined;

  constructor(api: KubeApi, { namespace, name }: Required<ObjectKey>) {
    const reflector = new Reflector<ConfigMap, Status | undefined>({
      api,
      clock: systemClock,
      random: Math.random,
      resource: CONFIG_MAPS,
      namespace,
      fieldSelector: `metadata.name=${name}`,
      transform: ({ data }) => decodeStatus(data),
      onChange: (_key, status) => {
        if (status !== undefined) this.#see({ status, at: performance.now() });
      },
    });
    this.#ended = reflector.run(this.#stop.signal);
  }

  /** Undefined before the first. */
  get last(): Sighting | undefined {
    return this.#last;
  }

  /** Calls back with each one that comes; returns how to end that. */
  onSeen(listener: (sighting: Sighting) => void): () => void {
    this.#news.on('seen', listener);
    return () => this.#news.off('seen', listener);
  }

  /** The first status, of the last one and those that come, that `matches`. */
  async until(matches: (status: Status) => boolean, timeoutMs: number): Promise<Sighting> {
    if (this.#last !== undefined && matches(this.#last.status)) return this.#last;
    const found = Promise.withResolvers<Sighting>();
    const look = (sighting: Sighting) => {
      if (matches(sighting.status)) found.resolve(sighting);
    };
    const end = this.onSeen(look);
    const last = () => (this.#last === undefined ? 'none was seen' : JSON.stringify(this.#last.status));
    const timer = setTimeout(
      () => found.reject(new Error(`No such status in ${timeoutMs} ms; the last: ${last()}`)),
      timeoutMs,
    );
    try {
      return await found.promise;
    } finally {
      clearTimeout(timer);
      end();
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  #see(sighting: Sighting): void {
    this.#last = sighting;
    this.#news.emit('seen', sighting);
  }
}
