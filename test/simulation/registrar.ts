import { DnsError } from '../../dns/provider.ts';
import type { Host, HostList, NamecheapApi } from '../../dns/providers/namecheap/api.ts';
import { RateLimit, saved } from '../support/namecheap/zones.ts';
import type { SeededRandom } from '../support/random.ts';
import type { ProcessClock, VirtualClock } from '../support/virtual-clock.ts';
import { CALM_REGISTRAR, type Fate, type RegistrarFaults } from './faults.ts';
import { frozenCopy } from './json.ts';
import { Link } from './link.ts';

/** All host records of a zone, and its mail setting. */
export type Zone = Pick<HostList, 'emailType' | 'hosts'>;

/** One replacement of a whole zone that was carried out. */
export interface ZoneWrite {
  readonly actor: string;
  /** When its caller made it, by the virtual clock. */
  readonly calledAt: number;
  /** Whether the caller might believe then that it leads. */
  readonly mayLead: boolean;
  /** What the caller was last shown before that; undefined when it never read. */
  readonly shown: Zone | undefined;
  readonly before: Zone;
  readonly after: Zone;
}

const TIMEOUT_MS = 15_000;

/** The zones of a registrar whose only write replaces a whole zone. */
export class Registrar {
  readonly #clock: VirtualClock;
  readonly #onWrite: (write: ZoneWrite) => void;
  readonly #zones: Map<string, Zone>;
  readonly #limit = new RateLimit();

  constructor(
    clock: VirtualClock,
    zones: Readonly<Record<string, Zone>>,
    onWrite: (write: ZoneWrite) => void,
  ) {
    this.#clock = clock;
    this.#onWrite = onWrite;
    this.#zones = new Map(Object.entries(frozenCopy(zones)));
  }

  zone(name: string): Zone {
    const zone = this.#zones.get(name);
    if (zone !== undefined) return zone;
    throw new DnsError(`no zone ${name}`, { kind: 'config', code: '2019166', action: 'Check the zone.' });
  }

  /** What somebody else does with the zone's own page. */
  edit(name: string, change: (hosts: readonly Host[]) => readonly Host[]): void {
    const zone = this.zone(name);
    this.#zones.set(name, frozenCopy({ ...zone, hosts: change(zone.hosts) }));
  }

  write(name: string, call: Omit<ZoneWrite, 'before' | 'after'>, { hosts, emailType }: Zone): void {
    const before = this.zone(name);
    const after = frozenCopy({ emailType, hosts: saved(hosts, emailType) });
    this.#zones.set(name, after);
    this.#onWrite({ ...call, before, after });
  }

  /** Throws when there were too many calls within a minute. */
  count(): void {
    if (this.#limit.isExceeded(this.#clock.elapsed())) throw tooMany();
  }
}

export interface RegistrarPorts {
  readonly actor: string;
  readonly clock: VirtualClock;
  readonly process: ProcessClock;
  readonly random: SeededRandom;
  readonly mayLead: (actor: string) => boolean;
  /** As CallHooks.onCall: it may freeze or crash the process. */
  readonly onCall: (verb: 'getHosts' | 'setHosts' | 'countHosts') => void;
  readonly onTrouble: (what: string) => void;
}

/** How one process reaches the registrar. */
export class RegistrarConnection implements NamecheapApi {
  readonly #registrar: Registrar;
  readonly #ports: RegistrarPorts;
  readonly #link: Link;
  readonly #shown = new Map<string, Zone>();
  #faults: RegistrarFaults = CALM_REGISTRAR;

  constructor(registrar: Registrar, ports: RegistrarPorts) {
    this.#registrar = registrar;
    this.#ports = ports;
    this.#link = new Link({ ...ports, errors });
    this.#link.faults = CALM_REGISTRAR;
  }

  set faults(faults: RegistrarFaults) {
    this.#faults = faults;
    this.#link.faults = faults;
  }

  async getHosts(zone: string, abort: AbortSignal): Promise<HostList> {
    const answer = await this.#call('getHosts', abort, () => this.#registrar.zone(zone));
    this.#shown.set(zone, answer);
    return { ...answer, domain: zone, isUsingOurDns: true };
  }

  async setHosts(zone: string, hosts: readonly Host[], emailType: string, abort: AbortSignal): Promise<void> {
    const { actor, clock, random } = this.#ports;
    const mayLead = this.#ports.mayLead(actor);
    const call = { actor, calledAt: clock.elapsed(), mayLead, shown: this.#shown.get(zone) };
    const wanted = frozenCopy({ hosts, emailType });
    await this.#call('setHosts', abort, () => {
      if (random.chance(this.#faults.unsaved)) this.#ports.onTrouble('confirmed, but not saved');
      else this.#registrar.write(zone, call, wanted);
    });
  }

  countHosts(zone: string, abort: AbortSignal): Promise<number | undefined> {
    return this.#call('countHosts', abort, () => this.#registrar.zone(zone).hosts.length);
  }

  #call<T>(what: 'getHosts' | 'setHosts' | 'countHosts', abort: AbortSignal, operate: () => T): Promise<T> {
    const { process, onCall, onTrouble } = this.#ports;
    if (process.state === 'crashed') return new Promise(() => undefined);
    onCall(what);
    return this.#link.call({
      what: `namecheap ${what}`,
      timeoutMs: TIMEOUT_MS,
      abort,
      mayConflict: false,
      operate: () => {
        this.#registrar.count();
        return operate();
      },
      onTrouble: (fate: Fate | 'cut off') => onTrouble(`${what}: ${fate}`),
    });
  }
}

function tooMany(): DnsError {
  const details = {
    kind: 'rate',
    code: '405',
    action: 'Nothing: it is tried again later.',
    retryAfterMs: 20_000,
  } as const;
  return new DnsError('too many requests', details);
}

const retryable = (message: string) => new DnsError(message, { kind: 'retry', action: 'Nothing.' });
const errors = {
  unreachable: (what: string) => retryable(`${what}: connection refused`),
  tooMany,
  serverError: (what: string) => retryable(`${what}: 5050900 unknown server error`),
  conflict: (what: string) => retryable(what),
  noAnswer: (what: string) => retryable(`${what}: no answer`),
};
