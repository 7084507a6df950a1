import type { Clock } from '../runtime/clock.ts';

/** How many Events or log lines tenants may cause: so many at once, and so many a second in the long run. */
interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** A rollout of many workloads at once is told in full. */
const OF_NAMESPACE: Rate = { burst: 25, perSecond: 0.5 };
/** Somebody may make up namespaces, each of which would have its own. */
const OF_ALL: Rate = { burst: 100, perSecond: 10 };
const MAX_NAMESPACES = 500;

/** Keeps whoever creates objects in one namespace from using up the Events, or the log, of all others. */
export class NamespaceBudget {
  readonly #clock: Clock;
  readonly #all: Bucket;
  /** In the order of their last use. */
  readonly #namespaces = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#all = new Bucket(OF_ALL, clock.elapsed());
  }

  /** Whether one more may be written because of it. */
  take(namespace: string): boolean {
    const now = this.#clock.elapsed();
    const bucket = this.#namespaces.get(namespace) ?? new Bucket(OF_NAMESPACE, now);
    this.#namespaces.delete(namespace);
    this.#namespaces.set(namespace, bucket);
    const [oldest] = this.#namespaces.keys();
    if (this.#namespaces.size > MAX_NAMESPACES && oldest !== undefined) this.#namespaces.delete(oldest);
    return bucket.take(now) && this.#all.take(now);
  }
}

class Bucket {
  readonly #rate: Rate;
  #tokens: number;
  #at: number;

  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#at = now;
  }

  take(now: number): boolean {
    const { burst, perSecond } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) / 1_000) * perSecond);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
