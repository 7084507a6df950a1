import type { Dispatcher } from 'undici';
import { unreadable } from './failures.ts';
import { type Large, text } from './lines.ts';

export interface Answer {
  readonly value: unknown;
  readonly bytes: number;
}

/** `what` was called. Throws a KubeError when what comes is too much or no JSON. */
export async function readAnswer(
  what: string,
  response: Dispatcher.ResponseData,
  limit: number,
  large?: Large,
): Promise<Answer> {
  const body = await readBounded(what, response, limit, large);
  try {
    return { value: JSON.parse(body), bytes: body.length };
  } catch (cause) {
    throw unreadable(what, response.statusCode, 'NotJson', cause);
  }
}

export async function readBounded(
  what: string,
  response: Dispatcher.ResponseData,
  limit: number,
  large?: Large,
): Promise<string> {
  try {
    return await text(response.body, limit, large);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw unreadable(what, response.statusCode, 'TooLarge', error);
  }
}
