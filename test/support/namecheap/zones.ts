/**
 * What Namecheap is known to do to a zone, kept apart from how it is asked. Written from the public documentation and
 * from reports of other clients, and without any code of the controller, so that the two can disagree.
 */

export interface FakeHost {
  readonly name: string;
  readonly type: string;
  readonly address: string;
  readonly mxPref: string;
  readonly ttl: string;
  readonly isActive: boolean;
  readonly isDdnsEnabled: boolean;
  readonly friendlyName: string;
  /** Attributes that no document tells of; a write loses them. */
  readonly extra?: Readonly<Record<string, string>>;
}

export interface FakeZone {
  readonly emailType: string;
  readonly isUsingOurDns: boolean;
  readonly hosts: readonly FakeHost[];
}

/** An error answer of the API. */
export class ApiFault extends Error {
  readonly number: string;

  constructor(number: string, text: string) {
    super(text);
    this.number = number;
  }
}

const TYPES = ['A', 'AAAA', 'ALIAS', 'CAA', 'CNAME', 'MX', 'MXE', 'NS', 'TXT', 'URL', 'URL301', 'FRAME'];
const EMAIL_TYPES = ['NONE', 'MXE', 'MX', 'FWD', 'OX', 'GMAIL'];
const MAIL_WITH_MX = ['MX', 'OX', 'GMAIL'];
const HOST_FIELDS = ['HostName', 'RecordType', 'Address', 'MXPref', 'TTL'];

/** A host with the defaults that the panel gives it. */
export function host(name: string, type: string, address: string, rest: Partial<FakeHost> = {}): FakeHost {
  return {
    name,
    type,
    address,
    mxPref: '10',
    ttl: '1799',
    isActive: true,
    isDdnsEnabled: false,
    friendlyName: '',
    ...rest,
  };
}

/** The zone after a setHosts with these parameters (without the global ones, SLD and TLD). */
export function replaceHosts(zone: FakeZone, parameters: ReadonlyMap<string, string>): FakeZone {
  const emailType = parameters.get('EmailType') ?? 'NONE';
  return { ...zone, emailType, hosts: saved(readHosts(parameters), emailType) };
}

type Sent = Pick<FakeHost, 'name' | 'type' | 'address' | 'ttl'>;

/** What is kept of the hosts that a write sends. Throws ApiFault when it is refused. */
export function saved<H extends Sent>(hosts: readonly H[], emailType: string): readonly H[] {
  if (!EMAIL_TYPES.includes(emailType)) throw new ApiFault('2015280', `invalid EmailType ${emailType}`);
  for (const one of hosts) check(one);
  if (hosts.length > 150) throw new ApiFault('2016166', 'more than 150 host records');
  return hosts.filter((one) => isSaved(one, emailType));
}

/** Calls beyond so many a minute are refused, and count all the same. */
export class RateLimit {
  readonly #callsAMinute: number;
  #times: readonly number[] = [];

  constructor(callsAMinute = 50) {
    this.#callsAMinute = callsAMinute;
  }

  /** One more call, at this time in milliseconds. Whether it is one too many. */
  isExceeded(now: number): boolean {
    this.#times = [...this.#times.filter((time) => time > now - 60_000), now];
    return this.#times.length > this.#callsAMinute;
  }
}

/** MX records are dropped without a word when the mail setting does not have them, or their target has no dot. */
function isSaved({ type, address }: Sent, emailType: string): boolean {
  return type !== 'MX' || (MAIL_WITH_MX.includes(emailType) && address.endsWith('.'));
}

function readHosts(parameters: ReadonlyMap<string, string>): FakeHost[] {
  const rest = new Set([...parameters.keys()].filter((key) => key !== 'EmailType'));
  const hosts: FakeHost[] = [];
  for (let number = 1; parameters.has(`HostName${number}`); number += 1) {
    const [name, type, address, mxPref, ttl] = HOST_FIELDS.map((field) => {
      rest.delete(`${field}${number}`);
      return parameters.get(`${field}${number}`);
    });
    if (
      name === undefined ||
      type === undefined ||
      address === undefined ||
      mxPref === undefined ||
      ttl === undefined
    ) {
      throw new ApiFault('2010101', `host ${number} lacks a parameter`);
    }
    // What is read-only comes back as its default.
    hosts.push(host(name, type, address, { mxPref, ttl }));
  }
  if (rest.size > 0) throw new ApiFault('2010102', `unknown parameters: ${[...rest].slice(0, 5).join(', ')}`);
  return hosts;
}

function check(one: Sent): void {
  if (!TYPES.includes(one.type)) throw new ApiFault('2010324', `RecordType ${one.type} is invalid`);
  if (one.name === '' || one.address === '') throw new ApiFault('2050900', 'empty host name or address');
  if (!/^\d+$/.test(one.ttl) || Number(one.ttl) < 60 || Number(one.ttl) > 60_000) {
    throw new ApiFault('2050900', `TTL ${one.ttl} is not in 60..60000`);
  }
  if (one.type === 'A' && !/^\d{1,3}(\.\d{1,3}){3}$/.test(one.address)) {
    throw new ApiFault('2050900', `${one.address} is no IPv4 address`);
  }
}
