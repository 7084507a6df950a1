import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { type Clock, DeadlineError, withDeadline } from '../runtime/clock.ts';
import { outboundDispatcher, proxyRefusal, routeTo } from '../runtime/outbound/dispatcher.ts';
import { NO_PROXIES, type ProxySettings } from '../runtime/outbound/proxies.ts';
import { retryAfterMs } from '../runtime/retry-after.ts';
import { ForbiddenAddressError, isForbiddenHost, publicLookup } from './addresses.ts';

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
export type Post = (request: PostRequest, abort: AbortSignal) => Promise<PostAnswer>;

/** No answer came. The message has no part of the URL. */
export class PostError extends Error {
  override readonly name = 'PostError';
}

const TIMEOUT_MS = 15_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** Nothing is read from it, but a short answer read to its end lets the connection be used again. */
const MAX_ANSWER_BYTES = 16 * 1024;
/** With its status, headers and whatever comes before and between. */
const MOST_BYTES = 128 * 1024;

export interface PostOptions {
  readonly proxies?: ProxySettings;
  /** Instead of the system's resolver. */
  readonly lookup?: LookupFunction;
}

/**
 * Where a proxy is used it resolves the target's name, and has its own rules for what may be called; a literal address is
 * judged here all the same.
 */
export function httpPost(
  clock: Clock,
  { proxies = NO_PROXIES, lookup = publicLookup() }: PostOptions = {},
): { readonly post: Post; readonly close: () => Promise<void> } {
  const dispatcher = outboundDispatcher(proxies, {
    keepAliveTimeout: 4_000,
    connections: 2,
    connectTimeout: CONNECT_TIMEOUT_MS,
    mostBytes: MOST_BYTES,
    connect: buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup, allowH2: false }),
  });
  return {
    post: async ({ url, headers, body }, abort) => {
      const target = URL.parse(url);
      try {
        if (target === null) throw new TypeError('no URL');
        if (isForbiddenHost(target.hostname)) throw new ForbiddenAddressError();
        return await withDeadline(clock, TIMEOUT_MS, abort, 'the target', async (limited) => {
          const { origin, pathname, search } = target;
          const request = { origin, path: `${pathname}${search}`, method: 'POST', headers, body } as const;
          const answer = await dispatcher.request({ ...request, signal: limited });
          await answer.body.dump({ limit: MAX_ANSWER_BYTES, signal: limited });
          const { statusCode: status, headers: said } = answer;
          return { status, retryAfterMs: retryAfterMs(said, clock.now()) };
        });
      } catch (error) {
        abort.throwIfAborted();
        throw new PostError(problemOf(error, target === null ? '' : routeTo(dispatcher, target)));
      }
    },
    close: () => dispatcher.destroy(),
  };
}

/** Only what kind of failure it was: messages of the layers below name hosts, addresses or all of the URL. */
function problemOf(error: unknown, way: string): string {
  if (error instanceof DeadlineError) return `${error.message}${way}`;
  if (error instanceof ForbiddenAddressError) return error.message;
  const refusal = proxyRefusal(error);
  if (refusal !== undefined) return `no answer${way}: ${refusal}`;
  const inner = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  const code = inner instanceof Error && 'code' in inner ? String(inner.code) : '';
  return `no answer${way}${/^[A-Z][A-Z0-9_]{2,60}$/.test(code) ? ` (${code})` : ''}`;
}
