import { admit } from './admission.ts';
import { LargeReviews, type LargeReviewsOptions } from './large/large-reviews.ts';
import { type Judged, type Review, reviewWith } from './review.ts';

export interface Reviewer {
  /** Never throws, whatever the body. */
  here(body: unknown): Review;
  /** In another thread; one at a time. `bytes` are transferred. Rejects with an `UnreadableBody`, or when the thread has ended. */
  apart(bytes: Uint8Array<ArrayBuffer>, charset: string): Promise<Review>;
}

export interface InjectionReviewerOptions extends LargeReviewsOptions {
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
    const evaluate = (body: unknown) => admit(body, config, active, followed(), limits);
    return this.#reported(reviewWith(evaluate, body, () => clock.elapsed()));
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
