import { createServer } from 'node:net';
import { after, before } from 'node:test';
import { Agent } from 'undici';
import { loadConfig } from '../../../controller/config.ts';
import { CallLimiters } from '../../../dns/calls/call-limiter.ts';
import type { DnsProvider } from '../../../dns/provider.ts';
import type { DnsPorts } from '../../../dns/provider-kind.ts';
import type { AuthoritativeLookup } from '../../../dns/records/authoritative.ts';
import type { RecordSet, RecordType } from '../../../dns/records.ts';
import { createProvider } from '../../../dns/registry.ts';
import { ZoneLocks } from '../../../dns/zones/zone-locks.ts';
import type { KubeApi } from '../../../kubernetes/api.ts';
import { connect as connectToKube } from '../../../kubernetes/client.ts';
import { loadKube } from '../../../kubernetes/kube-config.ts';
import { type Clock, systemClock } from '../../../runtime/clock.ts';
import type { OutboundDispatcher } from '../../../runtime/outbound/dispatcher.ts';
import type { Environment } from '../controller-process.ts';
import { type Ends, serveOnLoopback } from '../loopback.ts';

export interface OtherRecord {
  readonly name: string;
  readonly type: 'TXT' | 'NS' | 'MX';
  /** As in a zone file. */
  readonly value: string;
}

export interface Harness {
  /** The peer serves it; there are records of others in it. */
  readonly zone: string;
  /** Another zone, which the peer does not serve. Absent: the peer takes records of any zone. */
  readonly strangeZone?: string;
  /** A zone below `zone` that the peer has, too. Absent: it has none, or its zones cannot be listed. */
  readonly nestedZone?: string;
  /** What a controller is configured with to use it; KUBECONFIG for providers that write to the cluster. */
  readonly environment: Environment;
  /** The same with credentials that are wrong, and what must not be seen of them, if it is a text. */
  readonly wrongCredentials: { readonly environment: Environment; readonly secret?: string };
  /** The same with the peer at another address, `host:port`. */
  at(address: string): Environment | Promise<Environment>;
  /** Of the peer on loopback. Absent: `environment` has it as `127.0.0.1:port`. */
  readonly port?: number;
  /** Every record of the zone as the peer has it, one a line: `name type ttl value`, and what else is known of it. */
  dump(): Promise<readonly string[]>;
  /** Somebody else changes this set, whatever was there. */
  meddle(set: RecordSet): Promise<void>;
  /** Somebody else adds a record of another type. Absent: the provider does not see those of others. */
  addOther?(record: OtherRecord): Promise<void>;
  /** Types that hardly anybody knows, and how somebody else adds a record of one. Absent: the peer takes none. */
  readonly rare?: {
    readonly types: readonly string[];
    add(name: string, type: string): Promise<void>;
  };
  /**
   * From now on the record of this name, one of {@link REFUSED_HOSTS}, is not changed, while those of other names are. Absent: the
   * peer knows no such record.
   */
  refuse?(name: string): Promise<void>;
  /** The peer refuses the next call because there were too many. Absent: its protocol has no such answer. */
  readonly rateLimit?: () => void;
  /** Absent: it does so once by itself. */
  readonly endRateLimit?: () => void;
  /** What the zone's own name servers say; absent: the peer has none. */
  ask?: AuthoritativeLookup;
  /** How many calls the peer has had. Absent: its protocol is no API of calls. */
  readonly calls?: () => number;
  /** Whether a call can depend on a set that it does not change: the `condition` of a WriteGuard. */
  readonly keepsCondition?: boolean;
  /** Whether all changes of one call are made or none. */
  readonly isAtomic: boolean;
}

export const REFUSED_HOSTS = ['refused-1', 'refused-2'] as const;

export type StartHarness = (ends: Ends) => Promise<Harness>;

/** At `host` in `zone`; `@`: at the top of it. */
function recordSet(zone: string, host: string, type: RecordType, ...values: readonly string[]): RecordSet {
  return { name: host === '@' ? zone : `${host}.${zone}`, type, ttl: 60, values };
}

export const EAST = { name: 'east', nodeName: 'node-1', ip: '192.0.2.1' };
export const WEST = { name: 'west', nodeName: 'node-2', ip: '192.0.2.2' };

/** All time-outs in a twentieth of their time. */
export const HURRIED: Clock = { ...systemClock, after: (ms, task) => systemClock.after(ms / 20, task) };

/** Real time, except that a test can say that much of it has gone by: the rate plans of providers are slow. */
export class SkippingClock implements Clock {
  #skipped = 0;
  #slept = 0;

  /** Milliseconds of all timers that have run out. */
  get slept(): number {
    return this.#slept;
  }

  now(): number {
    return systemClock.now();
  }

  elapsed(): number {
    return systemClock.elapsed() + this.#skipped;
  }

  after(ms: number, task: () => void): () => void {
    return systemClock.after(ms, () => {
      this.#slept += ms;
      task();
    });
  }

  skip(): void {
    this.#skipped += 20 * 60_000;
  }
}

export interface ConnectOptions {
  readonly clock?: Clock;
  readonly ends: Ends;
  /** Ends with the test. */
  readonly dispatcher?: OutboundDispatcher;
  /** Of other record sets of the same process. */
  readonly limiters?: CallLimiters;
}

/** The provider as the controller makes it from its environment; `records` name the zone. */
export async function connect(
  harness: Pick<Harness, 'zone' | 'environment'>,
  environment: Environment = harness.environment,
  { clock = systemClock, ends, dispatcher = new Agent(), limiters = new CallLimiters(clock) }: ConnectOptions,
): Promise<DnsProvider> {
  const env = {
    SITES: JSON.stringify([EAST, WEST]),
    DNS_RECORDS: `app.${harness.zone}@${harness.zone}`,
    ...environment,
  };
  const loaded = loadConfig(env, () => '');
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const [config] = loaded.value.followers[0].dns;
  if (config === undefined) throw new Error('no DNS is configured');
  ends.after(() => dispatcher.destroy());
  const ports: DnsPorts = {
    clock,
    dispatcher,
    snapshots: { save: () => Promise.resolve() },
    locks: new ZoneLocks(),
    limiters,
    api: environment.KUBECONFIG === undefined ? noApi() : openApi(environment, clock, ends),
    follower: 'default',
    namespace: 'default',
  };
  return createProvider(config, ports);
}

function openApi(environment: Environment, clock: Clock, ends: Ends): KubeApi {
  const connection = connectToKube({ kubeConfig: loadKube(environment).kubeConfig, clock });
  ends.after(() => connection.close());
  return connection;
}

function noApi(): KubeApi {
  return new Proxy({} as KubeApi, {
    get: (_, name) => {
      throw new Error(`this provider has no business with the cluster: ${String(name)}`);
    },
  });
}

/** Of the peer itself on loopback, out of what configures a controller for it. */
export function portOf({ environment, port }: Harness): number {
  const [, stated] = /127\.0\.0\.1:(\d+)/.exec(JSON.stringify(environment)) ?? [];
  const known = port ?? Number(stated);
  if (Number.isInteger(known)) return known;
  throw new Error('the harness says nowhere on which port of loopback its peer is: it needs a `port`');
}

/** `host:port` of a server that takes connections and never says anything. */
export async function silentServer(ends: Ends): Promise<string> {
  const server = createServer((socket) => void socket.on('error', () => undefined));
  return `127.0.0.1:${await serveOnLoopback(ends, server)}`;
}

/** Starts a harness and a provider on it before the tests of the block, and takes them away after them. */
export function aroundTests(
  start: StartHarness,
  onStarted: (harness: Harness, provider: DnsProvider) => void,
) {
  const clock = new SkippingClock();
  const undo: (() => unknown)[] = [];
  const ends = { after: (end: () => unknown) => undo.push(end) };
  let zone = '';
  before(async () => {
    const harness = await start(ends);
    ({ zone } = harness);
    onStarted(harness, await connect(harness, harness.environment, { ends, clock }));
  });
  after(async () => {
    for (const end of undo.reverse()) await end();
  });
  const set = (host: string, type: RecordType, ...values: string[]) => recordSet(zone, host, type, ...values);
  return { clock, ends, set };
}
