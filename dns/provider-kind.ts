import type { KubeApi } from '../kubernetes/api.ts';
import type { Clock } from '../runtime/clock.ts';
import type { OutboundDispatcher } from '../runtime/outbound/dispatcher.ts';
import type { Permission } from '../runtime/rights.ts';
import type { CallLimiters } from './calls/call-limiter.ts';
import type { DnsProvider } from './provider.ts';
import type { SnapshotStore } from './zones/snapshots.ts';
import type { ZoneLocks } from './zones/zone-locks.ts';
import type { DnsName } from './zones.ts';

export interface DnsPorts {
  readonly clock: Clock;
  /** With a connect timeout, and through the proxy if there is one. */
  readonly dispatcher: OutboundDispatcher;
  readonly snapshots: SnapshotStore;
  /** Of the process: record sets of several followers may be in one zone. */
  readonly locks: ZoneLocks;
  /** Of the process, as its record sets may share an account. */
  readonly limiters: CallLimiters;
  readonly api: KubeApi;
  readonly follower: string;
  /** Of the controller's own objects. */
  readonly namespace: string;
}

export interface DnsCheckContext {
  /** Undefined if they are invalid. */
  readonly records: readonly DnsName[] | undefined;
  /** `key` is the setting to blame; the problem reads on from it. */
  readonly report: (key: string, got: unknown, problem: string) => void;
}

/** What a provider accepts, so that the configuration can be checked against it. */
export interface DnsTraits {
  /** Least and most, in seconds. */
  readonly ttl: readonly [number, number];
  /** A CNAME may be at the top of a zone: the provider answers with the addresses of its target. */
  readonly flattensCname?: boolean;
  /** It reads and writes TXT records as well, so that owners and claims can be kept there. */
  readonly keepsTexts?: boolean;
  /** Optional settings that are required once records are listed. */
  readonly required?: readonly string[];
  /** Variables that the chart keeps in the provider's Secret beside its secret settings, by the keys of the chart's values. */
  readonly inSecret?: Readonly<Record<string, string>>;
  /** The zone in which the provider keeps the record. Absent: `record.zone`. Pure. */
  readonly zoneOf?: (record: DnsName) => string;
  /** Reports problems of several settings together. Settings that are invalid alone are undefined. Pure. Only called with records. */
  readonly check?: (settings: Readonly<Record<string, unknown>>, context: DnsCheckContext) => void;
}

/** A provider with its settings. */
export interface ConfiguredProvider {
  /** Permissions that the controller needs for it; `own` is its namespace. */
  rights?(own: string): readonly Permission[];
  /** Loads the code of the provider. Makes no calls before `read`. */
  create(ports: DnsPorts): Promise<DnsProvider>;
}

/** The settings of a provider, with those that it requires. */
export type Ready<T, R extends keyof T> = T & { readonly [K in R]-?: NonNullable<T[K]> };

export function ready<T, R extends keyof T>(settings: T, required: readonly R[]): Ready<T, R> {
  if (isReady(settings, required)) return settings;
  throw new Error(`not checked before it was used: one of ${required.join(', ')} is not set`);
}

function isReady<T, R extends keyof T>(settings: T, required: readonly R[]): settings is Ready<T, R> {
  return required.every((key) => settings[key] !== undefined);
}
