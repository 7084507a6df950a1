import type { Clock } from '../runtime/clock.ts';

/** How many Events or log lines tenants may cause: so many at once, and so many a second in the long run. */
interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** A rollout of many workloads at once is reported in full. */
const OF_NAMESPACE: Rate = { burst: 25, perSecond: 0.5 };
/** Each namespace has its own, and a tenant may create many. */
const OF_ALL: Rate = { burst: 100, perSecond: 10 };
const MAX_NAMESPACES = 500;

/** Keeps the objects of one namespace from using up the Events, or the log, of all others. */
export class NamespaceBudget {
  readonly #clock: Clock;
  readonly #all: Bucket;
  /** Of all those for which there is no place any more. */
  readonly #others: Bucket;
  /** In the order of their last use. */
  readonly #namespaces = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#all = new Bucket(OF_ALL, clock.elapsed());
    this.#others = new Bucket(OF_NAMESPACE, clock.elapsed());
  }

  /** Whether one more may be written because of it. */
  take(namespace: string): boolean {
    const now = this.#clock.elapsed();
    const bucket = this.#bucketOf(namespace, now);
    return bucket.take(now) && this.#all.take(now);
  }

  #bucketOf(namespace: string, now: number): Bucket {
    const known = this.#namespaces.get(namespace);
    this.#namespaces.delete(namespace);
    const [oldest] = this.#namespaces;
    // A full one is as good as a new one; were any other forgotten, its namespace would get a full one.
    if (oldest?.[1].isFull(now) === true) this.#namespaces.delete(oldest[0]);
    if (known === undefined && this.#namespaces.size >= MAX_NAMESPACES) return this.#others;
    const bucket = known ?? new Bucket(OF_NAMESPACE, now);
    this.#namespaces.set(namespace, bucket);
    return bucket;
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

  isFull(now: number): boolean {
    this.#refill(now);
    return this.#tokens >= this.#rate.burst;
  }

  take(now: number): boolean {
    this.#refill(now);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  #refill(now: number): void {
    const { burst, perSecond } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) / 1_000) * perSecond);
    this.#at = now;
  }
}
