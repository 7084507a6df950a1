/** The messages between the main thread and the one for large reviews. */
import type { FollowedPods } from '../../contract/followed.ts';
import type { Limit } from '../inject/limits.ts';
import type { InjectorConfig } from '../injector-config.ts';
import type { Review } from '../review.ts';
import type { ActiveSites } from '../services/route.ts';

/** The workerData of the thread. */
export interface Start {
  readonly config: InjectorConfig;
  /** One number, other than 0 once the last question is answered. */
  readonly answered: Int32Array<SharedArrayBuffer>;
}

export interface Job {
  readonly bytes: Uint8Array;
  readonly charset: string;
  readonly followed: readonly FollowedPods[];
}

/** What the thread asks the main thread while it answers a review. */
export type Question =
  | { readonly kind: 'active'; readonly follower: string }
  | { readonly kind: 'limits'; readonly namespace: string };

export interface Answers {
  readonly active: ReturnType<ActiveSites>;
  readonly limits: readonly Limit[];
}

export type Answer = Partial<Answers>;

/** Sent by the thread: any number of questions per job, then one of the others. */
export type WorkerMessage =
  | Question
  | { readonly kind: 'reviewed'; readonly review: Review }
  | { readonly kind: 'unreadable'; readonly status: number; readonly problem: string };
