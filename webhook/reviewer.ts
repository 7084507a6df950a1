import type { Clock } from '../runtime/clock.ts';
import { admit } from './admission.ts';
import { LargeReviews, type LargeReviewsOptions } from './large/large-reviews.ts';
import { type Judged, type Review, reviewWith } from './review.ts';

/** Gives what a review came to. */
export interface Reviewer {
  /** Quick; never throws, whatever it is given. */
  here(body: unknown): Review;
  /**
   * In another thread, that it holds up nobody here; one at a time. `bytes` are gone then. Rejects with an `UnreadableBody`,
   * or when that thread has ended.
   */
  apart(bytes: Uint8Array<ArrayBuffer>, charset: string): Promise<Review>;
}

export interface InjectionReviewerOptions extends LargeReviewsOptions {
  readonly clock: Clock;
  readonly report: (judged: Judged) => void;
}

export class InjectionReviewer implements Reviewer {
  readonly #options: InjectionReviewerOptions;
  readonly #large: LargeReviews;

  constructor(options: InjectionReviewerOptions) {
    this.#options = options;
    this.#large = new LargeReviews(options);
  }

  here(body: unknown): Review {
    const { config, active, followed, limits, clock } = this.#options;
    const judge = (body: unknown) => admit(body, config, active, followed(), limits);
    return this.#reported(reviewWith(judge, body, () => clock.elapsed()));
  }

  async apart(bytes: Uint8Array<ArrayBuffer>, charset: string): Promise<Review> {
    return this.#reported(await this.#large.review(bytes, charset));
  }

  stop(): void {
    this.#large.stop();
  }

  #reported(review: Review): Review {
    if (review.kind === 'answered') this.#options.report(review.judged);
    return review;
  }
}
