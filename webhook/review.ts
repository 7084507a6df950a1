/** Parses and answers one review, in any thread. */
import { TextDecoder } from 'node:util';
import type { Admission } from './admission.ts';
import { UnreadableBody } from './server-body.ts';

/** What is reported about an answered review: small, as it is sent between threads. */
export type Judged = Pick<Extract<Admission, { kind: 'answered' }>, 'outcome' | 'subject' | 'dryRun'>;

export type Review =
  /** It cannot be answered. */
  | { readonly kind: 'malformed'; readonly problem: string }
  | {
      readonly kind: 'answered';
      /** JSON. */
      readonly answer: string;
      /** Duration of the evaluation. */
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

/** `elapsed`: of a Clock. */
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
