import type { KubeApi } from '../kubernetes/api.ts';
import type { Clock } from '../runtime/clock.ts';
import type { OutboundDispatcher } from '../runtime/outbound/dispatcher.ts';
import type { Permission } from '../runtime/rights.ts';
import type { DnsProvider } from './provider.ts';
import type { SnapshotStore } from './snapshots.ts';
import type { ZoneLocks } from './zone-locks.ts';
import type { DnsName } from './zones.ts';

/** What a provider may use of the world. */
export interface DnsPorts {
  readonly clock: Clock;
  /** HTTP to anywhere, with a limit for connecting, through a proxy where there is one. */
  readonly dispatcher: OutboundDispatcher;
  readonly snapshots: SnapshotStore;
  /** Of the whole process: several record sets, of one follower or of several, may be in one zone. */
  readonly locks: ZoneLocks;
  readonly api: KubeApi;
  readonly follower: string;
  /** Of the controller's own objects. */
  readonly namespace: string;
}

export interface DnsCheckContext {
  /** Undefined when they have a problem of their own. */
  readonly records: readonly DnsName[] | undefined;
  /** `key` is the setting to blame; the problem reads on from it. */
  readonly report: (key: string, got: unknown, problem: string) => void;
}

/** What a provider takes, so that the configuration can refuse what it would refuse. */
export interface DnsTraits {
  /** Seconds, from and to. */
  readonly ttl: readonly [number, number];
  /** A CNAME may stand at the top of a zone: the provider answers with the addresses of its target. */
  readonly flattensCname?: boolean;
  /** It shows and writes TXT records together with those that follow: owners and claims can be kept there. */
  readonly keepsTexts?: boolean;
  /** Optional settings without which there is no provider; asked for once records are listed. */
  readonly required?: readonly string[];
  /** Variables that the chart keeps in the provider's Secret beside its secret settings, by the keys of the chart's values. */
  readonly inSecret?: Readonly<Record<string, string>>;
  /** The zone in which the provider keeps the record. Absent: its own. Pure. */
  readonly zoneOf?: (record: DnsName) => string;
  /** Reports what no single setting shows. Undefined is one with a problem of its own. Pure. Not asked without records. */
  readonly check?: (settings: Readonly<Record<string, unknown>>, context: DnsCheckContext) => void;
}

/** A provider with its settings: all that the rest of the program knows of it. */
export interface ConfiguredProvider {
  /** What the controller has to be allowed to do for it in the cluster; `own` is its namespace. */
  rights?(own: string): readonly Permission[];
  /** Loads the provider's code, which nobody else does. Asks nobody: that begins with `read`. */
  create(ports: DnsPorts): Promise<DnsProvider>;
}

/** A provider's settings once the configuration was checked: what it requires is there. */
export type Ready<T, R extends keyof T> = T & { readonly [K in R]-?: NonNullable<T[K]> };

export function ready<T, R extends keyof T>(settings: T, required: readonly R[]): Ready<T, R> {
  if (isReady(settings, required)) return settings;
  throw new Error(`not checked before it was used: one of ${required.join(', ')} is not set`);
}

function isReady<T, R extends keyof T>(settings: T, required: readonly R[]): settings is Ready<T, R> {
  return required.every((key) => settings[key] !== undefined);
}
