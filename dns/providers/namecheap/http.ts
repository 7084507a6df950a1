import { type AnswerLimits, boundedBody } from '../../calls/answer-body.ts';
import { type HttpPorts, httpCall } from '../../calls/http-call.ts';
import { masked } from '../../errors.ts';
import { DnsError } from '../../provider.ts';
import { canonicalName } from '../../records/domain-name.ts';
import type { Host, HostList, NamecheapApi } from './api.ts';
import { findClientIp } from './client-ip.ts';
import { answerError, statusError } from './errors.ts';
import type { NamecheapConfig } from './settings.ts';
import { type Element, only, parseAnswer, refusalIn } from './xml.ts';

/** Of a value in an error. */
const MAX_SHOWN = 40;
const READ = { timeoutMs: 20_000, onlyReads: true };
const WRITE = { timeoutMs: 30_000, onlyReads: false };
/** 150 records of the longest kind take about 100 KiB, each of them an element; what is far above that is no zone. */
const LIMITS: AnswerLimits = { bytes: 1024 * 1024, weight: 100_000 };

/** Those that are sent back, and those that a write is known to lose or to create again. */
const KNOWN_ATTRIBUTES: ReadonlySet<string> = new Set([
  'HostId',
  'HostID',
  'Name',
  'Type',
  'Address',
  'MXPref',
  'TTL',
  'AssociatedAppTitle',
  'FriendlyName',
  'IsActive',
  'IsDDNSEnabled',
]);

/** The API over HTTP. POST only: a GET breaks above some ten hosts, and would carry the key in its URL. */
export class HttpNamecheapApi implements NamecheapApi {
  readonly #account: NamecheapConfig;
  readonly #ports: HttpPorts;
  #clientIp: string | undefined;

  constructor(account: NamecheapConfig, ports: HttpPorts) {
    this.#account = account;
    this.#ports = ports;
    this.#clientIp = account.clientIp;
  }

  async getHosts(zone: string, abort: AbortSignal): Promise<HostList> {
    const what = `getHosts for ${zone}`;
    const answer = await this.#call('namecheap.domains.dns.getHosts', splitZone(zone), READ, what, abort);
    const result = only(answer, 'DomainDNSGetHostsResult', what);
    const text = required(result, what);
    return {
      domain: canonicalName(text('Domain')),
      // The published sample has none: such a zone can be read, and is not written.
      emailType: result.attributes.get('EmailType') ?? '',
      isUsingOurDns: truth(text('IsUsingOurDNS')),
      hosts: (result.children.get('host') ?? []).map((host) => readHost(host, what)),
    };
  }

  async setHosts(zone: string, hosts: readonly Host[], emailType: string, abort: AbortSignal): Promise<void> {
    const what = `setHosts for ${zone}`;
    const parameters: Record<string, string> = { ...splitZone(zone), EmailType: emailType };
    hosts.forEach((host, index) => {
      const number = index + 1;
      parameters[`HostName${number}`] = host.name;
      parameters[`RecordType${number}`] = host.type;
      parameters[`Address${number}`] = host.address;
      parameters[`MXPref${number}`] = host.mxPref;
      parameters[`TTL${number}`] = host.ttl;
    });
    const answer = await this.#call('namecheap.domains.dns.setHosts', parameters, WRITE, what, abort);
    const result = only(answer, 'DomainDNSSetHostsResult', what);
    const text = required(result, what);
    if (canonicalName(text('Domain')) !== zone) throw answerError(what, `it is about ${text('Domain')}`);
    if (!truth(text('IsSuccess'))) throw answerError(what, 'it says IsSuccess="false"');
  }

  async countHosts(zone: string, abort: AbortSignal): Promise<number | undefined> {
    const what = `getInfo for ${zone}`;
    const answer = await this.#call('namecheap.domains.getInfo', { DomainName: zone }, READ, what, abort);
    const details = only(only(answer, 'DomainGetInfoResult', what), 'DnsDetails', what);
    const count = details.attributes.get('HostCount') ?? '';
    return /^\d{1,6}$/.test(count) ? Number(count) : undefined;
  }

  async #call(
    command: string,
    parameters: Readonly<Record<string, string>>,
    kind: typeof READ,
    what: string,
    abort: AbortSignal,
  ): Promise<Element> {
    this.#clientIp ??= await findClientIp(this.#ports.clock, this.#ports.dispatcher, abort);
    const form = new URLSearchParams({
      ApiUser: this.#account.apiUser,
      ApiKey: this.#account.apiKey.reveal(),
      UserName: this.#account.userName ?? this.#account.apiUser,
      ClientIp: this.#clientIp,
      Command: command,
      ...parameters,
    });
    try {
      return parseAnswer(await this.#post(form.toString(), kind, what, abort), command, what);
    } catch (error) {
      if (!(error instanceof DnsError)) throw error;
      // A detected address can change, on failover to another site for example.
      if (error.kind === 'config') this.#clientIp = this.#account.clientIp;
      throw masked(error, this.#account.apiKey);
    }
  }

  async #post(body: string, kind: typeof READ, what: string, abort: AbortSignal): Promise<string> {
    const call = {
      what,
      method: 'POST',
      url: new URL(this.#account.apiUrl),
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/xml' },
      body,
      ...kind,
      read: (bytes: AsyncIterable<Buffer>) => readText(bytes, what),
    } as const;
    const { status, text, retryAfterMs } = await httpCall(this.#ports, call, abort);
    if (status === 200) return text;
    const error = statusError(what, status, retryAfterMs);
    throw error.kind === 'rate' ? error : (refusalIn(text, what) ?? error);
  }
}

/** The registered label and the rest: what Namecheap calls SLD and TLD. */
function splitZone(zone: string): { SLD: string; TLD: string } {
  const dot = zone.indexOf('.');
  return { SLD: zone.slice(0, dot), TLD: zone.slice(dot + 1) };
}

function readHost(host: Element, what: string): Host {
  const text = required(host, what);
  const optional = (name: string) => host.attributes.get(name) ?? '';
  // One that says nothing, or that something is not so, can be lost without harm.
  const unknown = [...host.attributes]
    .filter(([name, value]) => !KNOWN_ATTRIBUTES.has(name) && value !== '' && value !== 'false')
    .map(([name, value]) => `${name}="${value.slice(0, MAX_SHOWN)}"`);
  return {
    name: text('Name'),
    type: text('Type').toUpperCase(),
    address: text('Address'),
    mxPref: optional('MXPref') || '10',
    ttl: optional('TTL'),
    isActive: optional('IsActive') === '' || truth(optional('IsActive')),
    isDdnsEnabled: truth(optional('IsDDNSEnabled')),
    ...(unknown.length > 0 && { unknown }),
  };
}

function required(element: Element, what: string): (name: string) => string {
  return (name) => {
    const value = element.attributes.get(name);
    if (value === undefined) throw answerError(what, `the attribute ${name} is missing`);
    return value;
  };
}

function truth(text: string): boolean {
  return text.toLowerCase() === 'true';
}

async function readText(body: AsyncIterable<Buffer>, what: string): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  try {
    for await (const chunk of boundedBody(body, LIMITS)) text += decoder.decode(chunk, { stream: true });
    return text + decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) throw answerError(what, 'it is not UTF-8');
    if (error instanceof RangeError) throw answerError(what, `it is ${error.message}`);
    throw error;
  }
}
