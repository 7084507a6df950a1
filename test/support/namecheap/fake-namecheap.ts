/**
 * A fake of the Namecheap API on loopback: keeps zones, is strict about requests, keeps the rate limit, and
 * misbehaves when told to. `GET /admin/zones/<zone>` shows a zone.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text as readBody } from 'node:stream/consumers';
import { News, type Waiting } from '../news.ts';
import { errorXml, escapeXml, hostXml, okXml } from './answers.ts';
import { ApiFault, type FakeZone, RateLimit, replaceHosts } from './zones.ts';

export type Command = 'getHosts' | 'setHosts' | 'getInfo';

/** One misbehaviour, for one call. */
export type Fault =
  | { readonly kind: 'error'; readonly number: string; readonly text: string }
  | { readonly kind: 'status'; readonly status: number; readonly body?: string }
  /** Ends the body after so many bytes, with a content length that fits. */
  | { readonly kind: 'truncate'; readonly bytes: number }
  | { readonly kind: 'rewrite'; readonly from: string; readonly to: string }
  /** Says success and saves nothing. */
  | { readonly kind: 'unsaved' }
  /** Carries the call out and never answers. */
  | { readonly kind: 'silent' }
  /** Neither carries it out nor answers. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'reset' }
  /** Another writer comes right before (`before`) or after the call is carried out. */
  | { readonly kind: 'meanwhile'; readonly when: 'before' | 'after'; readonly zone: FakeZone };

export interface Call {
  readonly command: string;
  readonly zone: string;
  readonly at: number;
  /** The HTTP status and the error number, if any. */
  readonly outcome: string;
}

export interface FakeNamecheapOptions {
  readonly zones: Readonly<Record<string, FakeZone>>;
  readonly apiUser?: string;
  /** The account that has the domains. Default: the one with API access. */
  readonly userName?: string | undefined;
  readonly apiKey?: string;
  readonly clientIp?: string;
  readonly callsAMinute?: number;
  readonly port?: number;
  /** The address of this machine to listen on. Default 127.0.0.1. */
  readonly host?: string;
  /** Milliseconds, for the rate limit. */
  readonly now?: () => number;
}

export interface Request {
  readonly method: string;
  readonly url: string;
  readonly contentType: string;
  readonly body: string;
}

/** `silent`: no answer ever comes; `reset`: the connection is cut. */
export type Reply = { readonly status: number; readonly body: string | Buffer } | 'silent' | 'reset';

const GLOBAL = ['ApiUser', 'ApiKey', 'UserName', 'Command', 'ClientIp'];
const MISSING: Readonly<Record<string, string>> = {
  ApiUser: '1010101',
  ApiKey: '1010102',
  UserName: '1010103',
  Command: '1010104',
  ClientIp: '1010105',
};

export class FakeNamecheap {
  readonly calls: Call[] = [];
  readonly #zones: Map<string, FakeZone>;
  readonly #account: {
    readonly apiUser: string;
    readonly userName: string;
    readonly apiKey: string;
    readonly clientIp: string;
  };
  readonly #limit: RateLimit;
  readonly #now: () => number;
  readonly #faults: { readonly command: Command; readonly fault: Fault }[] = [];
  readonly #server: Server;
  readonly #changed = new News<void>();

  /** Answers {@link handle} alone; `start` makes one that listens. */
  constructor(options: FakeNamecheapOptions) {
    const { apiUser = 'user', userName = apiUser, apiKey = 'key', clientIp = '127.0.0.1' } = options;
    this.#zones = new Map(Object.entries(options.zones));
    this.#account = { apiUser, userName, apiKey, clientIp };
    this.#limit = new RateLimit(options.callsAMinute);
    this.#now = options.now ?? Date.now;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        console.error('the fake failed', error);
        response.destroy();
      });
    });
  }

  static async start(options: FakeNamecheapOptions): Promise<FakeNamecheap> {
    const fake = new FakeNamecheap(options);
    fake.#server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
    await once(fake.#server, 'listening');
    return fake;
  }

  get url(): string {
    return `${this.adminUrl}/xml.response`;
  }

  get adminUrl(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return `http://${address.address}:${address.port}`;
  }

  zone(name: string): FakeZone {
    const zone = this.#zones.get(name);
    if (zone === undefined) throw new ApiFault('2019166', `Domain name not found: ${name}`);
    return zone;
  }

  /** As somebody does in the panel. */
  put(name: string, zone: FakeZone): void {
    this.#zones.set(name, zone);
    this.#changed.tell();
  }

  /** The next `times` calls of `command` meet `fault`. Faults of one command come in the order they were asked for. */
  misbehave(command: Command, fault: Fault, times = 1): void {
    for (let count = 0; count < times; count += 1) this.#faults.push({ command, fault });
  }

  /** Resolves as soon as the zone is so. Has no time limit of its own. */
  async until(name: string, is: (zone: FakeZone) => boolean, waiting?: Waiting): Promise<void> {
    await this.#changed.first([undefined], () => is(this.zone(name)) || undefined, waiting);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '/', headers } = request;
    const body = await readBody(request);
    if (url.startsWith('/admin/')) {
      const [status, value] = this.#administer(method, url);
      response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(value)}\n`);
      return;
    }
    const reply = this.handle({ method, url, contentType: headers['content-type'] ?? '', body });
    if (reply === 'silent') return;
    if (reply === 'reset') response.destroy();
    else response.writeHead(reply.status, { 'content-type': 'text/xml; charset=utf-8' }).end(reply.body);
  }

  /** One call, without the network. */
  handle(request: Request): Reply {
    const parameters = new URLSearchParams(request.body);
    const command = (parameters.get('Command') ?? '').split('.').at(-1) ?? '';
    const note = (outcome: string) => {
      this.calls.push({ command, zone: zoneOf(parameters), at: this.#now(), outcome });
    };
    if (this.#limit.isExceeded(this.#now())) {
      note('405 rate');
      return { status: 405, body: 'Too many requests' };
    }
    const problem = requestProblem(request, parameters);
    if (problem !== undefined) {
      note(`400 ${problem}`);
      return { status: 400, body: problem };
    }
    const fault = this.#takeFault(command);
    if (fault?.kind === 'hang' || fault?.kind === 'reset' || fault?.kind === 'status') {
      note(fault.kind);
      if (fault.kind === 'status') return { status: fault.status, body: fault.body ?? '' };
      return fault.kind === 'hang' ? 'silent' : 'reset';
    }
    const { text, outcome } = this.#answer(command, parameters, fault);
    note(outcome);
    return fault?.kind === 'silent' ? 'silent' : { status: 200, body: distort(text, fault) };
  }

  #answer(
    command: string,
    parameters: URLSearchParams,
    fault: Fault | undefined,
  ): { readonly text: string; readonly outcome: string } {
    const name = zoneOf(parameters);
    try {
      if (fault?.kind === 'error') throw new ApiFault(fault.number, fault.text);
      this.#authenticate(parameters);
      if (fault?.kind === 'meanwhile' && fault.when === 'before') this.put(name, fault.zone);
      const text = this.#run(command, name, parameters, fault?.kind === 'unsaved');
      if (fault?.kind === 'meanwhile' && fault.when === 'after') this.put(name, fault.zone);
      return { text, outcome: '200' };
    } catch (error) {
      if (!(error instanceof ApiFault)) throw error;
      return { text: errorXml(error), outcome: `200 ${error.number}` };
    }
  }

  #run(command: string, name: string, parameters: URLSearchParams, unsaved: boolean): string {
    const zone = this.zone(name);
    const domain = escapeXml(name);
    switch (command) {
      case 'getHosts': {
        const open = `<DomainDNSGetHostsResult Domain="${domain}" EmailType="${zone.emailType}" IsUsingOurDNS="${zone.isUsingOurDns}"`;
        const hosts = zone.hosts.map((one, index) => `      ${hostXml(one, index + 1)}\n`).join('');
        const result = hosts === '' ? `${open} />` : `${open}>\n${hosts}    </DomainDNSGetHostsResult>`;
        return okXml('namecheap.domains.dns.getHosts', result);
      }
      case 'setHosts': {
        const own = [...parameters].filter(([key]) => ![...GLOBAL, 'SLD', 'TLD'].includes(key));
        const after = replaceHosts(zone, new Map(own));
        if (!unsaved) this.put(name, after);
        const result = `<DomainDNSSetHostsResult Domain="${domain}" EmailType="${after.emailType}" IsSuccess="true"><Warnings /></DomainDNSSetHostsResult>`;
        return okXml('namecheap.domains.dns.setHosts', result);
      }
      case 'getInfo': {
        const details = `<DnsDetails ProviderType="FreeDNS" IsUsingOurDNS="${zone.isUsingOurDns}" HostCount="${zone.hosts.length}" EmailType="No Email Service" DynamicDNSStatus="false" IsFailover="false" />`;
        return okXml(
          'namecheap.domains.getInfo',
          `<DomainGetInfoResult Status="Ok" DomainName="${domain}">${details}</DomainGetInfoResult>`,
        );
      }
      default:
        throw new ApiFault('1010104', `Parameter Command is invalid: ${command}`);
    }
  }

  #authenticate(parameters: URLSearchParams): void {
    const { apiUser, userName, apiKey, clientIp } = this.#account;
    const missing = GLOBAL.find((name) => !parameters.get(name));
    if (missing !== undefined)
      throw new ApiFault(MISSING[missing] ?? '1010101', `Parameter ${missing} is missing`);
    const ip = parameters.get('ClientIp') ?? '';
    if (ip !== clientIp) throw new ApiFault('1011150', `Invalid request IP: ${ip}`);
    if (parameters.get('ApiUser') !== apiUser || parameters.get('ApiKey') !== apiKey) {
      throw new ApiFault('1011102', 'API Key is invalid or API access has not been enabled');
    }
    const user = parameters.get('UserName');
    if (user !== userName) throw new ApiFault('1016103', `UserName is not authorized: ${user}`);
  }

  #takeFault(command: string): Fault | undefined {
    const index = this.#faults.findIndex((one) => one.command === command);
    return index === -1 ? undefined : this.#faults.splice(index, 1)[0]?.fault;
  }

  /** For people who keep the demo: the zone as JSON. */
  #administer(method: string, pathname: string): readonly [status: number, value: unknown] {
    const [, , what, name = ''] = pathname.split('/');
    return method === 'GET' && what === 'zones' && this.#zones.has(name) ? [200, this.zone(name)] : [404, {}];
  }
}

function requestProblem(
  { method, url, contentType }: Request,
  parameters: URLSearchParams,
): string | undefined {
  if (method !== 'POST') return `${method} instead of POST`;
  if (url !== '/xml.response') return `wrong path ${url}`;
  if (contentType !== 'application/x-www-form-urlencoded') return `content type ${contentType}`;
  const keys = [...parameters.keys()];
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  return twice === undefined ? undefined : `parameter ${twice} is there twice`;
}

function zoneOf(parameters: URLSearchParams): string {
  return parameters.get('DomainName') ?? `${parameters.get('SLD') ?? ''}.${parameters.get('TLD') ?? ''}`;
}

function distort(text: string, fault: Fault | undefined): string | Buffer {
  if (fault?.kind === 'truncate') return Buffer.from(text).subarray(0, fault.bytes);
  return fault?.kind === 'rewrite' ? text.replace(fault.from, fault.to) : text;
}
