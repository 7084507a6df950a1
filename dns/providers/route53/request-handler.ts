import { Readable } from 'node:stream';
import type { Route53Client } from '@aws-sdk/client-route-53';
import type { OutboundDispatcher } from '../../../runtime/outbound/dispatcher.ts';
import { type AnswerLimits, boundedBody, ZONE_LIMITS } from '../../calls/answer-body.ts';
import { request } from '../../calls/closed-connection.ts';

type Handler = Route53Client['config']['requestHandler'];
type Request = Parameters<Handler['handle']>[0];

/** A page has 300 sets at most. For each reference and `>` in a text the SDK's parser needs some thirty times its size. */
export const PAGE_LIMITS: AnswerLimits = { ...ZONE_LIMITS, bytes: 2 * 1024 * 1024 };

/**
 * The SDK's calls, those for credentials at STS and SSO included, by our own HTTP client: the SDK's knows no proxies.
 * The metadata services of a node or pod are asked by the SDK itself, always directly.
 */
export function requestHandler(dispatcher: OutboundDispatcher): Handler {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(call, options) {
      const { statusCode, headers, body } = await request(dispatcher, {
        origin: originOf(call),
        path: `${call.path}${queryOf(call)}`,
        method: call.method as 'GET',
        headers: call.headers,
        body: call.body ?? null,
        // The SDK declares a subset of the platform's own.
        ...(options !== undefined &&
          'abortSignal' in options && { signal: options.abortSignal as AbortSignal }),
      });
      const flat = Object.entries(headers).map(([name, value]) => [name, String(value ?? '')]);
      // The SDK reads as much as comes.
      const bounded = Readable.from(boundedBody(body, PAGE_LIMITS), { objectMode: false });
      return { response: { statusCode, headers: Object.fromEntries(flat), body: bounded } };
    },
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  };
}

function originOf({ protocol, hostname, port }: Request): string {
  return `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`;
}

function queryOf({ query = {} }: Request): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) =>
      one === null ? escaped(name) : `${escaped(name)}=${escaped(one ?? '')}`,
    ),
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

/** As the signature has it: RFC 3986. */
function escaped(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
