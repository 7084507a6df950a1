/**
 * The Cloudflare API v4 as far as DNS needs it, and as strict as its published schema: every header, path, query, field,
 * type and limit is checked, and what does not fit is answered as the real one answers it.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { listenOnLoopback } from '../loopback.ts';
import { failure, newId, type Paging, page, success } from './cloudflare-answers.ts';

export interface FakeRecord {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly content: string;
  readonly ttl: number;
  readonly proxied: boolean;
  readonly comment: string | null;
  readonly tags: readonly string[];
  readonly priority?: number;
  readonly meta?: { readonly read_only?: boolean };
  readonly settings?: { readonly flatten_cname?: boolean };
}

export interface FakeZone {
  readonly id: string;
  /** In Unicode, as the API lists it. */
  readonly name: string;
  readonly status: string;
  records: readonly FakeRecord[];
}

/** What the next call gets instead of an answer; `silent` and `reset` give none at all. */
export type CloudflareFault =
  | { readonly kind: 'silent' | 'reset' }
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly body: string;
      readonly headers?: Record<string, string>;
    };

class Refusal extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const MAX_BATCH = 200;
const MAX_COMMENT = 100;
const MAX_PER_PAGE = 5_000_000;
const FIELDS = ['name', 'type', 'content', 'ttl', 'proxied', 'comment', 'tags', 'settings', 'priority'];

export class FakeCloudflare {
  readonly token: string;
  readonly zones: FakeZone[] = [];
  /** A change of these names is refused with the code. */
  readonly refusedNames = new Map<string, number>();
  /** `GET /zones`, in the order they came. */
  readonly calls: string[] = [];
  /** What was wrong with a request that no client should send, whatever the answer was. */
  readonly violations: string[] = [];
  /** Of lists of records. */
  paging: Paging = {};
  /** Called after each answer. */
  onAnswered: () => void = () => undefined;
  #faults: { readonly matches: (call: string) => boolean; readonly fault: CloudflareFault }[] = [];
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  constructor(token: string) {
    this.token = token;
  }

  /** Its base address. */
  async start(): Promise<string> {
    return `http://127.0.0.1:${await listenOnLoopback(this.#server)}/client/v4`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  addZone(name: string, status = 'active'): FakeZone {
    const zone: FakeZone = { id: randomBytes(16).toString('hex'), name, status, records: [] };
    this.zones.push(zone);
    return zone;
  }

  addRecord(
    zone: FakeZone,
    record: Pick<FakeRecord, 'name' | 'type' | 'content'> & Partial<FakeRecord>,
  ): FakeRecord {
    const whole = { id: newId(), ttl: 300, proxied: false, comment: null, tags: [], ...record };
    zone.records = [...zone.records, whole];
    return whole;
  }

  /** The next call that matches fails so. */
  fail(fault: CloudflareFault, matches: (call: string) => boolean = () => true): void {
    this.#faults.push({ matches, fault });
  }

  /** An answer as the API gives it when it does not do what was asked. */
  static refusal(
    status: number,
    code: number,
    message: string,
    headers: Record<string, string> = {},
  ): CloudflareFault {
    return { kind: 'answer', status, body: JSON.stringify(failure(code, message)), headers };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://localhost');
    const call = `${request.method} ${url.pathname.replace('/client/v4', '')}`;
    this.calls.push(call);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const index = this.#faults.findIndex(({ matches }) => matches(call));
    const [next] = index < 0 ? [] : this.#faults.splice(index, 1);
    if (next?.fault.kind === 'silent') return;
    if (next?.fault.kind === 'reset') {
      request.socket.destroy();
      return;
    }
    if (next?.fault.kind === 'answer') {
      response.writeHead(next.fault.status, { 'content-type': 'application/json', ...next.fault.headers });
      response.end(next.fault.body);
      return;
    }
    const { status, body } = this.#answer(request, url, Buffer.concat(chunks).toString());
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    this.onAnswered();
  }

  #answer(request: IncomingMessage, url: URL, text: string): { status: number; body: unknown } {
    try {
      this.#authorize(request);
      return { status: 200, body: this.#route(request, url, text) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { status: error.status, body: failure(error.code, error.message) };
    }
  }

  #authorize({ headers }: IncomingMessage): void {
    const [, token] = /^Bearer ([\w-]+)$/.exec(headers.authorization ?? '') ?? [];
    if (token === undefined) throw new Refusal(400, 6003, 'Invalid request headers');
    if (token !== this.token) throw new Refusal(403, 9109, 'Invalid access token');
  }

  #route(request: IncomingMessage, url: URL, text: string): unknown {
    const path = url.pathname.replace(/^\/client\/v4/, '');
    const [, zoneId, batch] = /^\/zones\/([0-9a-f]{32})\/dns_records(\/batch)?$/.exec(path) ?? [];
    if (path === '/zones' && request.method === 'GET') return this.#listZones(url);
    const zone = this.zones.find(({ id }) => id === zoneId);
    if (zone === undefined) {
      throw new Refusal(404, 7003, `Could not route to ${path}, perhaps your object identifier is invalid?`);
    }
    if (batch === undefined && request.method === 'GET') return this.#listRecords(zone, url);
    if (batch !== undefined && request.method === 'POST') return this.#batch(zone, request, text);
    throw new Refusal(405, 10405, 'Method not allowed for this authentication scheme');
  }

  #listZones(url: URL): unknown {
    this.#check(url, ['name', 'status', 'page', 'per_page'], 50);
    const name = url.searchParams.get('name') ?? '';
    const [, end] = /^ends_with:(.+)$/.exec(name) ?? [];
    return page(
      this.zones
        .filter((zone) => (end === undefined ? name === '' || zone.name === name : zone.name.endsWith(end)))
        .map(({ id, name: own, status }) => ({ id, name: own, status, type: 'full', paused: false })),
      url,
    );
  }

  #listRecords(zone: FakeZone, url: URL): unknown {
    this.#check(url, ['name.exact', 'type', 'page', 'per_page'], MAX_PER_PAGE);
    const name = url.searchParams.get('name.exact')?.toLowerCase();
    const found = zone.records.filter((record) => name === undefined || record.name === name);
    return page(found.map(shown), url, this.paging);
  }

  #check(url: URL, allowed: readonly string[], maxPerPage: number): void {
    for (const key of url.searchParams.keys()) {
      if (!allowed.includes(key)) this.#violate(`query ${key}`);
    }
    const perPage = Number(url.searchParams.get('per_page') ?? 20);
    if (!Number.isInteger(perPage) || perPage < 1 || perPage > maxPerPage)
      throw new Refusal(400, 1004, `Invalid per_page`);
  }

  #batch(zone: FakeZone, request: IncomingMessage, text: string): unknown {
    if (request.headers['content-type'] !== 'application/json') this.#violate('content type of the batch');
    const body = JSON.parse(text) as Record<string, readonly Record<string, unknown>[]>;
    for (const key of Object.keys(body)) {
      if (!['deletes', 'patches', 'puts', 'posts'].includes(key)) this.#violate(`batch has ${key}`);
    }
    const { deletes = [], patches = [], posts = [] } = body;
    if (deletes.length + patches.length + posts.length > MAX_BATCH)
      throw new Refusal(400, 81045, 'Batch too large');
    // One transaction: on a refusal the zone is as it was.
    let records = zone.records;
    for (const { id } of deletes) {
      if (!records.some((record) => record.id === id))
        throw new Refusal(404, 81044, 'Record does not exist.');
      records = records.filter((record) => record.id !== id);
    }
    for (const { id, ...fields } of patches) {
      const before = records.find((record) => record.id === id);
      if (before === undefined) throw new Refusal(404, 81044, 'Record does not exist.');
      if (before.meta?.read_only === true) throw new Refusal(403, 1043, 'Record is managed elsewhere.');
      const after = this.#valid(zone, { ...before, ...this.#fields(fields) });
      records = coexisting(
        records.map((record) => (record.id === id ? after : record)),
        after,
      );
    }
    for (const fields of posts) {
      const blank = { id: newId(), ttl: 1, proxied: false, comment: null, tags: [] };
      const record = this.#valid(zone, { ...blank, ...this.#fields(fields) } as FakeRecord);
      records = coexisting([...records, record], record);
    }
    zone.records = records;
    return success({ deletes, patches, puts: [], posts });
  }

  #fields(fields: Record<string, unknown>): Partial<FakeRecord> {
    for (const key of Object.keys(fields)) if (!FIELDS.includes(key)) this.#violate(`a record has ${key}`);
    for (const key of ['name', 'type', 'content']) {
      if (typeof fields[key] !== 'string') this.#violate(`a record has no ${key}`);
    }
    if (typeof fields.ttl !== 'number') this.#violate('a record has no ttl');
    return fields;
  }

  #valid(zone: FakeZone, record: FakeRecord): FakeRecord {
    const { name, type, content, ttl, proxied, comment } = record;
    const apex = domainToASCII(zone.name);
    if (name !== apex && !name.endsWith(`.${apex}`)) throw new Refusal(400, 9000, 'DNS name is invalid.');
    const refused = this.refusedNames.get(name);
    if (refused !== undefined) throw new Refusal(400, refused, 'The record is invalid.');
    if (type === 'A' && !isIPv4(content))
      throw new Refusal(400, 9005, 'Content for A record must be a valid IPv4 address.');
    if (type === 'AAAA' && !isIPv6(content))
      throw new Refusal(400, 9006, 'Content for AAAA record must be a valid IPv6 address.');
    if (ttl !== 1 && !(Number.isInteger(ttl) && ttl >= 60 && ttl <= 86_400))
      throw new Refusal(400, 9021, 'Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.');
    if (typeof proxied !== 'boolean') this.#violate('proxied is no boolean');
    if ((comment?.length ?? 0) > MAX_COMMENT) throw new Refusal(400, 9313, 'Comment is too long.');
    return proxied ? { ...record, ttl: 1 } : record;
  }

  #violate(what: string): void {
    this.violations.push(what);
    throw new Refusal(400, 9207, `Request body is invalid: ${what}`);
  }
}

/** Throws where `record` cannot stand beside the others. */
function coexisting(records: readonly FakeRecord[], record: FakeRecord): readonly FakeRecord[] {
  const others = records.filter(({ name, id }) => name === record.name && id !== record.id);
  const rival = (type: string) => ['A', 'AAAA', 'CNAME'].includes(type);
  if (others.some(({ type, content }) => type === record.type && content === record.content))
    throw new Refusal(400, 81058, 'An identical record already exists.');
  if (rival(record.type) && others.some(({ type }) => type === 'CNAME'))
    throw new Refusal(400, 81054, 'A CNAME record with that host already exists.');
  if (record.type === 'CNAME' && others.some(({ type }) => rival(type)))
    throw new Refusal(400, 81053, 'An A, AAAA, or CNAME record with that host already exists.');
  return records;
}

function shown(record: FakeRecord) {
  return { settings: {}, ...record, proxiable: true, created_on: '2026-01-01T00:00:00Z' };
}
