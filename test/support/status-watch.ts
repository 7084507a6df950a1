import { decodeStatus, type Status } from '../../contract/status.ts';
import type { KubeApi, ObjectKey } from '../../kubernetes/api.ts';
import { Reflector } from '../../kubernetes/reflector.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../kubernetes/resources.ts';
import { systemClock } from '../../runtime/clock.ts';
import { Background } from './background.ts';
import { News } from './news.ts';

export interface Sighting {
  readonly status: Status;
  /** performance.now() when it was seen here. */
  readonly at: number;
}

/** Sees each version of a status ConfigMap as the API server tells it, beside the controller and not through it. */
export class StatusWatch extends Background {
  readonly #news = new News<Sighting>();
  readonly #map: Reflector<ConfigMap, Status | undefined>;
  #last: Sighting | undefined;

  constructor(api: KubeApi, { namespace, name }: Required<ObjectKey>) {
    super();
    this.#map = new Reflector<ConfigMap, Status | undefined>({
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
  }

  protected override run(abort: AbortSignal): Promise<void> {
    return this.#map.run(abort);
  }

  /** Undefined before the first. */
  get last(): Sighting | undefined {
    return this.#last;
  }

  /** Calls back with each one that comes; returns how to end that. */
  onSeen(listener: (sighting: Sighting) => void): () => void {
    return this.#news.onTold(listener);
  }

  /** The first status, of the last one and those that come, that `matches`. */
  until(matches: (status: Status) => boolean, timeoutMs: number): Promise<Sighting> {
    const known = this.#last === undefined ? [] : [this.#last];
    const look = (sighting: Sighting) => (matches(sighting.status) ? sighting : undefined);
    return this.#news.first(known, look, {
      timeoutMs,
      inVain: () => `the last status: ${JSON.stringify(this.#last?.status)}`,
    });
  }

  #see(sighting: Sighting): void {
    this.#last = sighting;
    this.#news.tell(sighting);
  }
}
