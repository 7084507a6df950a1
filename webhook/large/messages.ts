/** Between the main thread and that for large reviews. */
import type { FollowedPods } from '../../contract/followed.ts';
import type { InjectorConfig } from '../config.ts';
import type { Limit } from '../inject/limits.ts';
import type { Review } from '../review.ts';
import type { ActiveSites } from '../services/route.ts';

/** With which the thread is started. */
export interface Start {
  readonly config: InjectorConfig;
  /** Of one number: not 0 when an answer to the last question is there. */
  readonly answered: Int32Array<SharedArrayBuffer>;
}

export interface Job {
  readonly bytes: Uint8Array;
  readonly charset: string;
  readonly followed: readonly FollowedPods[];
}

/** What is only known when a review is read, and only in the main thread. */
export type Question =
  | { readonly kind: 'active'; readonly follower: string }
  | { readonly kind: 'limits'; readonly namespace: string };

export interface Answers {
  readonly active: ReturnType<ActiveSites>;
  readonly limits: readonly Limit[];
}

export type Answer = Partial<Answers>;

/** From the thread; after each job one that is no question. */
export type WorkerMessage =
  | Question
  | { readonly kind: 'reviewed'; readonly review: Review }
  | { readonly kind: 'unreadable'; readonly status: number; readonly problem: string };
