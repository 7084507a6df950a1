import { Agent, buildConnector } from 'undici';
import { type Clock, DeadlineError, withDeadline } from '../../../kubernetes/clock.ts';
import { ForbiddenAddressError, guardedLookup, isForbiddenHost } from './addresses.ts';

export interface PostRequest {
  /** http or https. A secret: no error names any part of it. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface PostAnswer {
  readonly status: number;
  /** What the receiver asks for, where it asks. */
  readonly retryAfterMs: number | undefined;
}

/** Sends once. A redirect is an answer like any other: it is not followed. Rejects with PostError. */
export type Post = (request: PostRequest, signal: AbortSignal) => Promise<PostAnswer>;

/** No answer came. The message has no part of the URL. */
export class PostError extends Error {
  override readonly name = 'PostError';
}

const TIMEOUT_MS = 15_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** Nothing is read from it, but a short answer read to its end lets the connection be used again. */
const MAX_ANSWER_BYTES = 16 * 1024;

/** `lookup` replaces the system's resolver in tests. */
export function httpPost(
  clock: Clock,
  lookup = guardedLookup(),
): { readonly post: Post; readonly close: () => Promise<void> } {
  const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup });
  const agent = new Agent({
    keepAliveTimeout: 4_000,
    connections: 2,
    connect: (options, done) => {
      // A literal address is connected to without a look-up.
      if (isForbiddenHost(options.hostname)) done(new ForbiddenAddressError(), null);
      else connect(options, done);
    },
  });
  return {
    post: async ({ url, headers, body }, signal) => {
      try {
        return await withDeadline(clock, TIMEOUT_MS, signal, 'the target', async (limited) => {
          const { origin, pathname, search } = new URL(url);
          const request = { origin, path: `${pathname}${search}`, method: 'POST', headers, body } as const;
          const answer = await agent.request({ ...request, signal: limited });
          await answer.body.dump({ limit: MAX_ANSWER_BYTES, signal: limited });
          const retryAfterMs = retryAfter(answer.headers['retry-after']);
          return { status: answer.statusCode, retryAfterMs };
        });
      } catch (error) {
        signal.throwIfAborted();
        throw new PostError(problemOf(error));
      }
    },
    close: () => agent.destroy(),
  };
}

/** Only what kind of failure it was: messages of the layers below name hosts, addresses or all of the URL. */
function problemOf(error: unknown): string {
  if (error instanceof DeadlineError) return error.message;
  if (error instanceof ForbiddenAddressError) return error.message;
  const inner = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  const code = inner instanceof Error && 'code' in inner ? String(inner.code) : '';
  return /^[A-Z][A-Z0-9_]{2,60}$/.test(code) ? `no answer (${code})` : 'no answer';
}

function retryAfter(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,5}$/.test(header) ? Number(header) * 1_000 : undefined;
}
