import { text } from '../../kubernetes/lines.ts';
import { type Clock, withDeadline } from '../../runtime/clock.ts';
import type { OutboundDispatcher } from '../../runtime/outbound/dispatcher.ts';
import { retryAfterMs } from '../../runtime/retry-after.ts';
import { DnsError } from '../provider.ts';
import { boundedBody, ZONE_LIMITS } from './answer-body.ts';
import type { CallLimiters } from './call-limiter.ts';
import { request } from './closed-connection.ts';
import { unanswered } from './unanswered.ts';

export interface HttpPorts {
  readonly clock: Clock;
  readonly dispatcher: OutboundDispatcher;
}

/** Of an API whose limit is that of an account. */
export interface LimitedHttpPorts extends HttpPorts {
  readonly limiters: CallLimiters;
}

export interface HttpCall {
  /** For messages: it names neither a secret nor the URL, which may hold one. */
  readonly what: string;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Whether it changes nothing; by default a GET alone. */
  readonly onlyReads?: boolean;
  readonly timeoutMs?: number;
  /** How the answer is read; usually any text up to a size. */
  readonly read?: (body: AsyncIterable<Buffer>) => Promise<string>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** What it asks for. */
  readonly retryAfterMs: number | undefined;
}

const TIMEOUT_MS = 20_000;
/** For a list of zones, which is short, and which many names may wait for: another attempt may come sooner. */
export const LIST_TIMEOUT_MS = 5_000;

/**
 * One call of a provider's API, whatever the status of its answer; no redirect is followed. Throws a DnsError of kind
 * `retry` when there was no whole answer, or the reason of `abort`.
 */
export async function httpCall(ports: HttpPorts, call: HttpCall, abort: AbortSignal): Promise<HttpAnswer> {
  const { what, method, url, headers, body, onlyReads, timeoutMs = TIMEOUT_MS, read = shortText } = call;
  try {
    return await withDeadline(ports.clock, timeoutMs, abort, what, async (limited) => {
      const options = {
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers,
        ...(body !== undefined && { body }),
        signal: limited,
      };
      const answer = await request(ports.dispatcher, options, onlyReads);
      return {
        status: answer.statusCode,
        headers: answer.headers,
        text: await read(answer.body),
        retryAfterMs: retryAfterMs(answer.headers, ports.clock.now()),
      };
    });
  } catch (error) {
    abort.throwIfAborted();
    throw error instanceof DnsError ? error : unanswered(what, error, ports.dispatcher, url);
  }
}

function shortText(body: AsyncIterable<Buffer>): Promise<string> {
  return text(boundedBody(body, ZONE_LIMITS), ZONE_LIMITS.bytes);
}
