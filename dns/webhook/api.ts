/** ExternalDNS's webhook protocol. All calls reject with a DnsError or with the reason of `abort`. */
import * as z from 'zod';
import { listOf } from '../../runtime/first-problem.ts';
import type { CallPurpose } from '../call-limiter.ts';
import type { Endpoint } from '../endpoint.ts';
import { type HttpAnswer, type HttpPorts, httpCall } from '../http-call.ts';
import { RateLimiter, type RateLimits } from '../rate-limiter.ts';
import { DOMAIN_FILTER, type DomainFilter } from './domain-filter.ts';
import { protocolError, statusError } from './errors.ts';
import type { WebhookConfig } from './settings.ts';

/** Without a space, as ExternalDNS compares the whole text. Source: provider/webhook/api/httpapi.go. */
const MEDIA_TYPE = 'application/external.dns.webhook+json;version=1';

/** Unknown fields are sent back unchanged. */
const ENDPOINT = z.looseObject({
  dnsName: z.string(),
  recordType: z.string(),
  targets: listOf(z.string()).nullish(),
  recordTTL: z.number().optional(),
  setIdentifier: z.string().optional(),
  providerSpecific: listOf(z.looseObject({ name: z.string(), value: z.string() })).nullish(),
});
/** Go writes an empty list as null. */
const ENDPOINTS = listOf(ENDPOINT)
  .nullable()
  .transform((list) => list ?? []);

/** `updateOld` and `updateNew` correspond by index. */
export interface ApiChanges {
  readonly create: readonly Endpoint[];
  readonly updateOld: readonly Endpoint[];
  readonly updateNew: readonly Endpoint[];
  readonly delete: readonly Endpoint[];
}

/** The limits behind the provider are unknown, and each read may be that of a whole zone. */
const LIMITS: RateLimits = {
  provider: 'the webhook provider',
  windows: [{ ms: 60_000, calls: 60 }],
  // One call for a read, beside what is asked for all zones together, three or four for a write.
  readShare: 2 / 5,
  writes: { ms: 10_000, calls: 5 },
};

/** ExternalDNS asks once, at its start; the provider behind the URL may be replaced by another one. */
const NEGOTIATED_MS = 10 * 60_000;

const { signal: UNENDING } = new AbortController();

export class WebhookApi {
  readonly #url: string;
  readonly #ports: HttpPorts;
  readonly limiter: RateLimiter;
  #negotiated: { readonly at: number; readonly served: Promise<DomainFilter> } | undefined;

  constructor({ url }: WebhookConfig, ports: HttpPorts) {
    this.#url = url.replace(/\/$/, '');
    this.#ports = ports;
    this.limiter = new RateLimiter(ports.clock, LIMITS);
  }

  /**
   * Checks the version of the protocol; resolves with the domains that are served. All zones share one question: with one for each,
   * many would have no call left for their records.
   */
  async negotiate(abort: AbortSignal): Promise<DomainFilter> {
    const now = this.#ports.clock.elapsed();
    if (this.#negotiated === undefined || now - this.#negotiated.at >= NEGOTIATED_MS) {
      const served = this.#served();
      this.#negotiated = { at: now, served };
      // Whoever waits for it hears why; the next one asks again.
      served.catch(() => {
        this.#negotiated = undefined;
      });
    }
    const filter = await this.#negotiated.served;
    abort.throwIfAborted();
    return filter;
  }

  /** It has no other end than the time limit of the call: zones whose goal changes meanwhile leave it to the others. */
  async #served(): Promise<DomainFilter> {
    const what = 'the first question';
    const answer = await this.#call(what, 'GET', '/', undefined, UNENDING, 'read');
    const type = answer.headers['content-type'];
    if (type !== MEDIA_TYPE) {
      throw protocolError(what, `its media type is ${JSON.stringify(type ?? '')}, not ${MEDIA_TYPE}`);
    }
    return parsed(what, answer, DOMAIN_FILTER);
  }

  async records(abort: AbortSignal, purpose: CallPurpose): Promise<readonly Endpoint[]> {
    const what = 'the question for its records';
    return parsed(what, await this.#call(what, 'GET', '/records', undefined, abort, purpose), ENDPOINTS);
  }

  /** The endpoints as the provider would keep them. */
  async adjust(endpoints: readonly Endpoint[], abort: AbortSignal): Promise<readonly Endpoint[]> {
    const what = 'the question how it would keep the records';
    return parsed(
      what,
      await this.#call(what, 'POST', '/adjustendpoints', endpoints, abort, 'write'),
      ENDPOINTS,
    );
  }

  /** `mayWrite` is called right before the call, and throws if it is no longer allowed. */
  async apply(zone: string, changes: ApiChanges, mayWrite: () => void, abort: AbortSignal): Promise<void> {
    const what = `the change of ${zone}`;
    const answer = await this.#call(what, 'POST', '/records', changes, abort, 'write', () => {
      mayWrite();
      this.limiter.noteWrite(zone);
    });
    if (answer.status !== 204) throw protocolError(what, `its status is ${answer.status}, not 204`);
  }

  #call(
    what: string,
    method: 'GET' | 'POST',
    path: string,
    body: unknown,
    abort: AbortSignal,
    purpose: CallPurpose,
    before: () => void = () => undefined,
  ): Promise<HttpAnswer> {
    const url = new URL(`${this.#url}${path}`);
    const headers = { accept: MEDIA_TYPE, ...(body !== undefined && { 'content-type': MEDIA_TYPE }) };
    const call = { what, method, url, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    return this.limiter.call(abort, purpose, async () => {
      before();
      const answer = await httpCall(this.#ports, call, abort);
      if (answer.status >= 200 && answer.status < 300) return answer;
      throw statusError(what, answer.status, answer.text, answer.retryAfterMs);
    });
  }
}

function parsed<T>(what: string, { text }: HttpAnswer, schema: z.ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw protocolError(what, error instanceof Error ? error.message : 'no JSON');
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw protocolError(what, `${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'unknown'}`);
}
