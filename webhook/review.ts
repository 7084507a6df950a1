/** One review, from what was sent to what is answered: the same in every thread. */
import { TextDecoder } from 'node:util';
import type { Admission } from './admission.ts';
import { UnreadableBody } from './server-body.ts';

/** What is reported of a review that was answered, in which there is little of what was sent. */
export type Judged = Pick<Extract<Admission, { kind: 'answered' }>, 'outcome' | 'subject' | 'dryRun'>;

export type Review =
  /** Not one that can be answered. */
  | { readonly kind: 'malformed'; readonly problem: string }
  | {
      readonly kind: 'answered';
      /** JSON. */
      readonly answer: string;
      /** For which it was judged. */
      readonly seconds: number;
      readonly judged: Judged;
    };

/** Nearly every review has it, and to make a decoder costs more than to use it. */
const UTF_8 = new TextDecoder();

/** Throws an `UnreadableBody`. */
export function parseReview(bytes: Uint8Array, charset: string): unknown {
  const text = (charset === UTF_8.encoding ? UTF_8 : new TextDecoder(charset)).decode(bytes);
  if (text === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UnreadableBody(400, (error as SyntaxError).message);
  }
  if (typeof value !== 'object' || value === null) throw new UnreadableBody(400, 'no JSON object');
  return value;
}

/** `elapsed` is that of a clock. */
export function reviewWith(
  admit: (body: unknown) => Admission,
  body: unknown,
  elapsed: () => number,
): Review {
  const began = elapsed();
  const admission = admit(body);
  if (admission.kind === 'malformed') return admission;
  const { answer, outcome, subject, dryRun } = admission;
  const text = JSON.stringify(answer);
  return {
    kind: 'answered',
    answer: text,
    seconds: (elapsed() - began) / 1_000,
    judged: { outcome, subject, dryRun },
  };
}
