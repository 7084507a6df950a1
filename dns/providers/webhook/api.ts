/** ExternalDNS's webhook protocol. All calls reject with a DnsError or with the reason of `abort`. */
import * as z from 'zod';
import { withDeadline } from '../../../runtime/clock.ts';
import { listOf } from '../../../runtime/first-problem.ts';
import type { CallPurpose } from '../../calls/call-shares.ts';
import { type HttpAnswer, type HttpPorts, httpCall } from '../../calls/http-call.ts';
import { RateLimiter, type RateLimits } from '../../calls/rate-limiter.ts';
import { SharedQuestion } from '../../calls/shared-question.ts';
import type { Endpoint } from '../../records/endpoint.ts';
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
  idleShare: 2 / 5,
  // One for a read, beside what is asked for all zones together, and four for a write.
  moveCalls: 5,
  writes: { ms: 10_000, calls: 5 },
};

const RECORDS = '/records';
const FIRST_QUESTION = 'the first question';
/** ExternalDNS asks once, at its start; the provider behind the URL may be replaced by another one. */
const NEGOTIATED_MS = 10 * 60_000;
/** Above that of the call, whose error says more. */
const QUESTION_LIMIT_MS = 25_000;

export class WebhookApi {
  readonly #url: string;
  readonly #ports: HttpPorts;
  readonly limiter: RateLimiter;
  readonly #question: SharedQuestion<DomainFilter>;
  #negotiated: { readonly at: number; readonly filter: DomainFilter } | undefined;

  constructor({ url }: WebhookConfig, ports: HttpPorts) {
    this.#url = url.replace(/\/$/, '');
    this.#ports = ports;
    this.limiter = new RateLimiter(ports.clock, LIMITS);
    this.#question = new SharedQuestion((abort) => this.#ask(abort));
  }

  /**
   * Checks the version of the protocol; resolves with the domains that are served. All zones share one question: with one for each,
   * many would have no call left for their records.
   */
  async negotiate(abort: AbortSignal): Promise<DomainFilter> {
    const { clock } = this.#ports;
    const known = this.#negotiated;
    if (known !== undefined && clock.elapsed() - known.at < NEGOTIATED_MS) return known.filter;
    return await withDeadline(clock, QUESTION_LIMIT_MS, abort, FIRST_QUESTION, (limited) =>
      this.#question.answer(limited),
    );
  }

  async #ask(abort: AbortSignal): Promise<DomainFilter> {
    const at = this.#ports.clock.elapsed();
    const filter = await this.#served(abort);
    this.#negotiated = { at, filter };
    return filter;
  }

  async #served(abort: AbortSignal): Promise<DomainFilter> {
    const answer = await this.#call(FIRST_QUESTION, 'GET', '/', undefined, abort, 'find');
    const type = answer.headers['content-type'];
    if (type !== MEDIA_TYPE) {
      throw protocolError(
        FIRST_QUESTION,
        `its media type is ${JSON.stringify(type ?? '')}, not ${MEDIA_TYPE}`,
      );
    }
    return parsed(FIRST_QUESTION, answer, DOMAIN_FILTER);
  }

  async records(abort: AbortSignal, purpose: CallPurpose): Promise<readonly Endpoint[]> {
    const what = 'the question for its records';
    return parsed(what, await this.#call(what, 'GET', RECORDS, undefined, abort, purpose), ENDPOINTS);
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
    const answer = await this.#call(what, 'POST', RECORDS, changes, abort, 'write', () => {
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
    const onlyReads = path !== RECORDS || method === 'GET';
    const call = {
      what,
      method,
      url,
      headers,
      onlyReads,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    };
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
