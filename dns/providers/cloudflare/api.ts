/** The Cloudflare API v4. All calls reject with a DnsError or with the reason of `abort`. */
import * as z from 'zod';
import { listOf } from '../../../runtime/first-problem.ts';
import type { CallPurpose } from '../../calls/call-shares.ts';
import { type HttpCall, httpCall, LIST_TIMEOUT_MS, type LimitedHttpPorts } from '../../calls/http-call.ts';
import { ListSize } from '../../calls/list-size.ts';
import { RateLimiter, type RateLimits } from '../../calls/rate-limiter.ts';
import { masked } from '../../errors.ts';
import { DnsError } from '../../provider.ts';
import { canonicalName, unicodeName } from '../../records/domain-name.ts';
import { hostInZone } from '../../zones.ts';
import { type Envelope, readEnvelope } from './envelope.ts';
import { answerError, apiError, changeError, mayNotList, noneIfMayNotList, strangerError } from './errors.ts';
import { pagesOf, WholeList } from './pages.ts';
import type { CloudflareConfig } from './settings.ts';

const RECORD = z.object({
  id: z.string().min(1),
  /** Fully qualified; IDN in either form. */
  name: z.string().transform(canonicalName),
  type: z.string(),
  content: z.string(),
  /** Seconds; 1 stands for "automatic". */
  ttl: z.int(),
  /** The name servers answer with addresses of Cloudflare's proxy. */
  proxied: z.boolean().default(false),
  comment: z.string().nullish(),
  tags: listOf(z.string()).nullish(),
  settings: z.looseObject({ flatten_cname: z.boolean().optional() }).nullish(),
  /** Set on records of another Cloudflare product. */
  meta: z.object({ read_only: z.boolean().optional() }).nullish(),
});
export type CloudflareRecord = z.infer<typeof RECORD>;

const ZONE = z.object({
  id: z.string().min(1),
  /** The API shows it in Unicode. */
  name: z.string().transform(canonicalName),
  status: z.string(),
  type: z.string().optional(),
});
export type CloudflareZone = z.infer<typeof ZONE>;

/** Fields that are absent stay unchanged. */
export interface RecordFields {
  readonly name: string;
  readonly type: string;
  readonly content: string;
  readonly ttl: number;
  readonly proxied?: boolean;
  readonly comment?: string;
  readonly tags?: readonly string[];
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** One database transaction; deletes come first. */
export interface Batch {
  readonly deletes: readonly { readonly id: string }[];
  readonly patches: readonly (RecordFields & { readonly id: string })[];
  readonly posts: readonly RecordFields[];
}

/** The API allows 1200 calls in five minutes per user: a fifth is left for other programs. */
const LIMITS: RateLimits = {
  provider: 'Cloudflare',
  windows: [{ ms: 300_000, calls: 960 }],
  idleShare: 1 / 3,
  // It is read and written.
  moveCalls: 2,
  writes: { ms: 10_000, calls: 5 },
};
/** The API's maximum. */
const ZONES_A_PAGE = 50;
/**
 * Some two megabytes. The published schema allows more; ExternalDNS takes 5,000 for the maximum
 * (`--cloudflare-dns-records-per-page`).
 */
const RECORDS_A_PAGE = 5_000;
/** For a zone whose large pages are too large, or take too long: 16 kB a record fit into an answer. */
const RECORDS_A_SMALL_PAGE = 1_000;
const MAX_PAGES = 100;

interface List<T> {
  /** For messages. */
  readonly what: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly item: z.ZodType<T>;
  readonly perPage: number;
  readonly purpose: CallPurpose;
}

const ZONES = { path: 'zones', item: ZONE, perPage: ZONES_A_PAGE, purpose: 'find' } as const;

export class CloudflareApi {
  readonly #config: CloudflareConfig;
  readonly #ports: LimitedHttpPorts;
  /** Ids of zones that are listed by small pages. */
  readonly #largeZones = new Set<string>();
  /** Ids of zones that are more than one small page. */
  readonly #notSmall = new Set<string>();
  readonly limiter: RateLimiter;

  constructor(config: CloudflareConfig, ports: LimitedHttpPorts) {
    this.#config = config;
    this.#ports = ports;
    this.limiter = new RateLimiter(
      ports.clock,
      LIMITS,
      ports.limiters.of(`${config.apiUrl} ${config.apiToken.reveal()}`, LIMITS),
    );
  }

  /** All zones that the token sees; undefined if there are more pages, or it may not list them without a name. */
  async allZones(
    mostPages: () => number,
    abort: AbortSignal,
  ): Promise<readonly CloudflareZone[] | undefined> {
    const what = 'the zones of the token';
    const found = new WholeList<CloudflareZone>(what, 'zones');
    try {
      for await (const { items, pages, total } of this.#pages({ ...ZONES, what, query: {} }, abort)) {
        if (pages > Math.min(mostPages(), MAX_PAGES)) return undefined;
        found.add(items, total);
      }
    } catch (error) {
      if (!mayNotList(error)) throw error;
      return undefined;
    }
    return found.items();
  }

  /** The zones of this name that the token can see: at most one for each account. */
  async zones(name: string, abort: AbortSignal): Promise<readonly CloudflareZone[]> {
    for (const written of new Set([unicodeName(name), name])) {
      const query = { name: written };
      const list = this.#list({ ...ZONES, what: `the zone ${name}`, query }, abort);
      const found = await list.catch(noneIfMayNotList);
      const zones = found.filter((zone) => zone.name === name);
      if (zones.length > 0) return zones;
    }
    return [];
  }

  /** The zones at and below `name`. */
  async zonesWithin(name: string, abort: AbortSignal): Promise<readonly CloudflareZone[]> {
    const what = `the zones of ${name}`;
    const found = await Promise.all(
      [...new Set([unicodeName(name), name])].map((written) =>
        this.#list({ ...ZONES, what, query: { name: `ends_with:${written}` } }, abort).catch(
          noneIfMayNotList,
        ),
      ),
    );
    return found.flat().filter((zone) => hostInZone(zone.name, name) !== undefined);
  }

  /** Undefined if there are more pages. A single one is a small one, which comes as soon as some names do. */
  async zoneRecords(
    zone: CloudflareZone,
    mostPages: number,
    abort: AbortSignal,
    purpose: CallPurpose,
  ): Promise<readonly CloudflareRecord[] | undefined> {
    const what = `the records of ${zone.name}`;
    const isSingle = mostPages === 1;
    if (isSingle && this.#notSmall.has(zone.id)) return undefined;
    const isSmall = isSingle || this.#largeZones.has(zone.id);
    const perPage = isSmall ? RECORDS_A_SMALL_PAGE : RECORDS_A_PAGE;
    const found = new WholeList<CloudflareRecord>(what);
    try {
      const list = { ...recordsIn(zone), what, query: {}, purpose, perPage };
      for await (const { items, pages, total } of this.#pages(list, abort)) {
        if (pages > Math.min(mostPages, MAX_PAGES)) {
          if (isSingle) this.#notSmall.add(zone.id);
          return undefined;
        }
        found.add(items, total);
      }
    } catch (error) {
      if (!isTooMuch(error) || (isSmall && !isSingle)) throw error;
      (isSingle ? this.#notSmall : this.#largeZones).add(zone.id);
      return await this.zoneRecords(zone, mostPages, abort, purpose);
    }
    return found.items();
  }

  async records(
    zone: CloudflareZone,
    name: string,
    abort: AbortSignal,
    purpose: CallPurpose,
  ): Promise<readonly CloudflareRecord[]> {
    const list = { ...recordsIn(zone), what: `the records of ${name}`, purpose };
    // Records of IDN have been shown in either form (cloudflare/python-cloudflare#22).
    const forms = [...new Set([name, unicodeName(name)])];
    const found = await Promise.all(
      forms.map((form) => this.#list({ ...list, query: { 'name.exact': form } }, abort)),
    );
    return [...new Map(found.flat().map((record) => [record.id, record])).values()];
  }

  /** `mayWrite` is called right before the call, and throws if it is no longer allowed. */
  async batch(zone: CloudflareZone, batch: Batch, mayWrite: () => void, abort: AbortSignal): Promise<void> {
    const what = `the change of ${zone.name}`;
    const path = `${recordsPath(zone)}/batch`;
    await this.limiter.call(abort, 'write', () => {
      mayWrite();
      return this.#send(this.#request(what, 'POST', path, {}, JSON.stringify(batch)), abort);
    });
  }

  async #list<T>(list: List<T>, abort: AbortSignal): Promise<readonly T[]> {
    const found: T[] = [];
    for await (const { items } of this.#pages(list, abort)) found.push(...items);
    return found;
  }

  /** With the number of pages, as far as known. */
  async *#pages<T>(
    { what, path, query, item, perPage, purpose }: List<T>,
    abort: AbortSignal,
  ): AsyncGenerator<{ readonly items: readonly T[]; readonly pages: number; readonly total?: number }> {
    const size = new ListSize();
    for (let page = 1; ; page += 1) {
      const paging = { ...query, page: String(page), per_page: String(perPage) };
      const call = this.#request(what, 'GET', path, paging);
      const request = purpose === 'find' ? { ...call, timeoutMs: LIST_TIMEOUT_MS } : call;
      const envelope = await this.limiter.call(abort, purpose, () => this.#send(request, abort));
      const read = listOf(item).safeParse(envelope.result);
      if (!read.success) throw answerError(what, 'its result is no list of what was asked for');
      if (!size.take(read.data)) throw answerError(what, 'its pages have more than any zone has');
      const { result_info: info } = envelope;
      const pages = pagesOf(info ?? {}, { page, perPage, items: read.data.length });
      const total = info?.total_count;
      yield { items: read.data, pages, ...(total !== undefined && { total }) };
      if (page >= pages) return;
      if (page >= MAX_PAGES) throw answerError(what, `it has more than ${MAX_PAGES} pages`);
    }
  }

  #request(
    what: string,
    method: HttpCall['method'],
    path: string,
    query: Readonly<Record<string, string>>,
    body?: string,
  ): HttpCall {
    const url = new URL(`${this.#config.apiUrl.replace(/\/$/, '')}/${path}`);
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
    const headers = {
      authorization: `Bearer ${this.#config.apiToken.reveal()}`,
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    return { what, method, url, headers, ...(body !== undefined && { body }) };
  }

  async #send(call: HttpCall, abort: AbortSignal): Promise<Envelope> {
    const answer = await httpCall(this.#ports, call, abort);
    const envelope = readEnvelope(answer);
    if (envelope?.success === true && answer.status < 300) return envelope;
    if (envelope === undefined && answer.status < 300) {
      throw answerError(call.what, 'it is not in the form of the API');
    }
    const refusal = call.method === 'GET' ? apiError : changeError;
    const error =
      envelope === undefined
        ? strangerError(call.what, answer.status, answer.retryAfterMs)
        : refusal(call.what, answer.status, envelope.errors ?? [], answer.retryAfterMs);
    throw masked(error, this.#config.apiToken);
  }
}

function recordsIn(zone: CloudflareZone) {
  return { path: recordsPath(zone), item: RECORD, perPage: RECORDS_A_PAGE };
}

/** An answer above the limits, or one that did not come in time. */
function isTooMuch(error: unknown): boolean {
  return error instanceof DnsError && (error.code === 'timeout' || error.cause instanceof RangeError);
}

function recordsPath({ id }: CloudflareZone): string {
  return `zones/${encodeURIComponent(id)}/dns_records`;
}
