import { parseReview, type Review } from '../review.ts';
import type { Reviewer } from '../reviewer.ts';

export type Reviewed =
  | { readonly kind: 'answered'; readonly answer: object }
  | { readonly kind: 'malformed'; readonly problem: string };

/** Reviews of all sizes by a function of the test, in this thread. */
export function reviewerBy(review: (body: unknown) => Reviewed): Reviewer {
  const here = (body: unknown): Review => {
    const reviewed = review(body);
    if (reviewed.kind === 'malformed') return reviewed;
    const judged = { outcome: { action: 'none' }, subject: undefined, dryRun: false } as const;
    return { kind: 'answered', answer: JSON.stringify(reviewed.answer), seconds: 0, judged };
  };
  return { here, apart: async (bytes, charset) => here(parseReview(bytes, charset)) };
}
