import type { Clock } from '../runtime/clock.ts';
import { type Rate, TokenBucket } from '../runtime/token-bucket.ts';

// How many Events or log lines tenants may cause.
/** A rollout of many workloads at once is reported in full. */
const OF_NAMESPACE: Rate = { burst: 25, perSecond: 0.5 };
/** Each namespace has its own, and a tenant may create many. */
const OF_ALL: Rate = { burst: 100, perSecond: 10 };
const MAX_NAMESPACES = 500;

/** Keeps the objects of one namespace from using up the Events, or the log, of all others. */
export class NamespaceBudget {
  readonly #clock: Clock;
  readonly #all: TokenBucket;
  /** Of all those for which there is no place any more. */
  readonly #others: TokenBucket;
  /** In the order of their last use. */
  readonly #namespaces = new Map<string, TokenBucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#all = new TokenBucket(OF_ALL, clock.elapsed());
    this.#others = new TokenBucket(OF_NAMESPACE, clock.elapsed());
  }

  /** Whether one more may be written because of it. */
  take(namespace: string): boolean {
    const now = this.#clock.elapsed();
    const bucket = this.#bucketOf(namespace, now);
    return bucket.take(now) && this.#all.take(now);
  }

  #bucketOf(namespace: string, now: number): TokenBucket {
    const known = this.#namespaces.get(namespace);
    this.#namespaces.delete(namespace);
    const [oldest] = this.#namespaces;
    // A full one is as good as a new one; were any other forgotten, its namespace would get a full one.
    if (oldest?.[1].isFull(now) === true) this.#namespaces.delete(oldest[0]);
    if (known === undefined && this.#namespaces.size >= MAX_NAMESPACES) return this.#others;
    const bucket = known ?? new TokenBucket(OF_NAMESPACE, now);
    this.#namespaces.set(namespace, bucket);
    return bucket;
  }
}
