/** A provider of ExternalDNS's webhook protocol, as strict about requests as the protocol allows; zones in memory. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { listenOnLoopback } from '../loopback.ts';

const MEDIA_TYPE = 'application/external.dns.webhook+json;version=1';
/** Every field of ExternalDNS's Endpoint, and no other. */
const ENDPOINT = z.strictObject({
  dnsName: z.string().min(1),
  recordType: z.string().min(1),
  targets: z.array(z.string()).min(1),
  recordTTL: z.int().min(0).optional(),
  setIdentifier: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  providerSpecific: z.array(z.strictObject({ name: z.string(), value: z.string() })).optional(),
});
export type WebhookEndpoint = z.infer<typeof ENDPOINT>;
const CHANGES = z.strictObject({
  create: z.array(ENDPOINT),
  updateOld: z.array(ENDPOINT),
  updateNew: z.array(ENDPOINT),
  delete: z.array(ENDPOINT),
});

interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the provider adds to records of its own, and wants to see again. */
const OWN_SETTING = { name: 'webhook/fake-proxied', value: 'false' };

export class FakeWebhookProvider {
  endpoints: WebhookEndpoint[] = [];
  /** What was asked against the protocol; none in the end. */
  readonly violations: string[] = [];
  /** Of all records that it keeps. */
  leastTtl = 0;
  /** False: it makes the deletions of a change, and then fails where an address is to be created. */
  takesAddresses = true;
  /** What it answers then. */
  halfMadeStatus = 500;
  /** After such a deletion, before the answer. */
  onEmptied: (() => void) | undefined;
  url = '';
  writes = 0;
  readonly #domains: readonly string[];
  readonly #server = createServer((request, response) => void this.#handle(request, response));
  #next: Reply | undefined;

  constructor(...domains: string[]) {
    this.#domains = domains;
  }

  async start(): Promise<string> {
    this.url = `http://127.0.0.1:${await listenOnLoopback(this.#server)}`;
    return this.url;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** The next call is answered so. */
  answerOnce(reply: Reply): void {
    this.#next = reply;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = this.#reply(request, await text(request));
    const own = reply.headers ?? (reply.status === 200 ? { 'content-type': MEDIA_TYPE } : {});
    response.writeHead(reply.status, own);
    response.end(typeof reply.body === 'object' ? JSON.stringify(reply.body) : reply.body);
  }

  #reply({ method, url = '', headers }: IncomingMessage, body: string): Reply {
    if (url.startsWith('/denied/')) return { status: 403, body: 'not for you' };
    const next = this.#next;
    this.#next = undefined;
    if (next !== undefined) return next;
    if (headers.accept !== MEDIA_TYPE) this.violations.push(`${method} ${url} accepts ${headers.accept}`);
    if (method === 'POST' && headers['content-type'] !== MEDIA_TYPE) {
      this.violations.push(`POST ${url} sends ${headers['content-type']}`);
    }
    switch (`${method} ${url}`) {
      case 'GET /':
        return { status: 200, body: { include: this.#domains } };
      case 'GET /records':
        return { status: 200, body: this.endpoints };
      case 'POST /adjustendpoints':
        return this.#checked(body, z.array(ENDPOINT), (endpoints) => ({
          status: 200,
          body: endpoints.map((endpoint) => this.#adjusted(endpoint)),
        }));
      case 'POST /records':
        return this.#checked(body, CHANGES, (changes) => this.#apply(changes));
      default:
        return this.#violation(404, `${method} ${url}`);
    }
  }

  #checked<T>(body: string, schema: z.ZodType<T>, act: (value: T) => Reply): Reply {
    const result = schema.safeParse(JSON.parse(body));
    return result.success ? act(result.data) : this.#violation(400, result.error.message);
  }

  #violation(status: number, what: string): Reply {
    this.violations.push(what);
    return { status, body: what };
  }

  #adjusted(endpoint: WebhookEndpoint): WebhookEndpoint {
    const providerSpecific = endpoint.providerSpecific ?? [OWN_SETTING];
    return { ...endpoint, providerSpecific, recordTTL: Math.max(endpoint.recordTTL ?? 0, this.leastTtl) };
  }

  /** All or nothing. What is to go or to change must be named as it is. */
  #apply({ create, updateOld, updateNew, delete: gone }: z.infer<typeof CHANGES>): Reply {
    this.writes += 1;
    if (updateOld.length !== updateNew.length) return this.#violation(400, 'updates are no pairs');
    const left = [...this.endpoints];
    for (const old of [...updateOld, ...gone]) {
      const index = left.findIndex((endpoint) => isDeepStrictEqual(endpoint, old));
      if (index < 0) return { status: 422, body: `there is no ${JSON.stringify(old)}` };
      left.splice(index, 1);
    }
    if (!this.takesAddresses && create.some(({ recordType }) => recordType === 'A')) {
      this.endpoints = left;
      this.onEmptied?.();
      return { status: this.halfMadeStatus, body: 'half done' };
    }
    for (const added of [...create, ...updateNew]) {
      const same = left.some(({ dnsName, recordType: type }) =>
        dnsName === added.dnsName ? type === added.recordType || isAlias(type, added.recordType) : false,
      );
      if (same) return { status: 422, body: `${added.dnsName} ${added.recordType} is there already` };
      left.push(added);
    }
    this.endpoints = left;
    return { status: 204 };
  }
}

/** Nothing stands beside a CNAME. */
function isAlias(one: string, other: string): boolean {
  return one === 'CNAME' || other === 'CNAME';
}
