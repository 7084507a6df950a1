import type { KubeApi } from '../kubernetes/api.ts';
import type { Clock } from '../runtime/clock.ts';
import type { OutboundDispatcher } from '../runtime/outbound/dispatcher.ts';
import type { Right } from '../runtime/rights.ts';
import type { CheckContext, Checked, Option, Tree, Values } from '../settings/settings.ts';
import type { DnsProvider } from './provider.ts';
import type { SnapshotStore } from './snapshots.ts';
import type { ZoneTurns } from './zone-turns.ts';
import type { DnsName } from './zones.ts';

/** What a provider may use of the world. */
export interface DnsPorts {
  readonly clock: Clock;
  /** HTTP to anywhere, with a limit for connecting, through a proxy where there is one. */
  readonly dispatcher: OutboundDispatcher;
  readonly snapshots: SnapshotStore;
  /** Of the whole process: several record sets, of one follower or of several, may be in one zone. */
  readonly turns: ZoneTurns;
  readonly api: KubeApi;
  readonly follower: string;
  /** Of the controller's own objects. */
  readonly namespace: string;
}

export interface DnsCheckContext extends CheckContext {
  /** Undefined when they have a problem of their own. */
  readonly records: readonly DnsName[] | undefined;
}

/** A provider's settings when its check reported nothing: what it requires is there. */
export type Ready<T extends Tree, R extends keyof T> = Checked<T> & {
  readonly [K in R]: NonNullable<Checked<T>[K]>;
};

/** What a provider takes, so that the configuration can refuse what it would refuse. */
export interface DnsTraits {
  /** Seconds, from and to. */
  readonly ttl: readonly [number, number];
  /** A CNAME may stand at the top of a zone: the provider answers with the addresses of its target. */
  readonly flattensCname?: boolean;
  /** It shows and writes TXT records together with those that follow: owners can be told there. */
  readonly keepsOwners?: boolean;
}

export interface DnsProviderKind<N extends string, T extends Tree, R extends keyof T & string> {
  readonly name: N;
  /** One sentence for docs/configuration.md. */
  readonly meaning: string;
  /** They stand under the provider's name. */
  readonly settings: T;
  /** Optional settings without which there is no provider; asked for once records are listed. */
  readonly required: readonly R[];
  readonly traits: DnsTraits;
  /** The zone in which the provider keeps what a user has in `zone`. Absent: the same. Pure. */
  zoneOf?(zone: string): string;
  /** Reports what no single setting shows, by a path below the provider's name. Pure. Not asked without records. */
  check?(values: Values<T>, context: DnsCheckContext): void;
  /** What the controller has to be allowed to do for it in the cluster; `own` is its namespace. */
  rights?(settings: Ready<T, R>, own: string, records: readonly DnsName[]): readonly Right[];
  /** Loads the provider's code, which nobody else does. Asks nobody: that begins with `read`. */
  create(settings: Ready<T, R>, ports: DnsPorts): Promise<DnsProvider>;
}

/** A row of registry.ts: all that the rest of the program knows of a provider. */
export interface DnsProviderRow<N extends string = string, T extends Tree = Tree> extends Option {
  readonly name: N;
  readonly settings: Readonly<Record<N, T>>;
  readonly traits: DnsTraits;
  zoneOf?(zone: string): string;
  rights?(settings: never, own: string, records: readonly DnsName[]): readonly Right[];
  /** Absent for `none`. `settings` is what was read by the row's own tree. */
  create?(settings: never, ports: DnsPorts): Promise<DnsProvider>;
}

/** Gives a provider its types and the checks that all have. */
export function dnsProviderKind<
  const N extends string,
  const T extends Tree,
  const R extends keyof T & string,
>(kind: DnsProviderKind<N, T, R>): DnsProviderRow<N, T> {
  const { name, meaning, settings, required, traits } = kind;
  return {
    name,
    meaning,
    traits,
    zoneOf: (zone: string) => kind.zoneOf?.(zone) ?? zone,
    settings: { [name]: settings } as Record<N, T>,
    check(values: Readonly<Record<string, unknown>>, context: CheckContext) {
      const records = values.records as readonly DnsName[] | undefined;
      const own = values[name] as Values<T>;
      const report: CheckContext['report'] = (path, got, problem) =>
        context.report([name, ...path], got, problem);
      for (const key of required) {
        if (own[key] !== undefined) continue;
        report([key], undefined, `is required because records are listed and the provider is ${name}`);
      }
      kind.check?.(own, { ...context, report, records });
    },
    rights: (config: Ready<T, R>, own: string, records: readonly DnsName[]) =>
      kind.rights?.(config, own, records) ?? [],
    create: (config: Ready<T, R>, ports: DnsPorts) => kind.create(config, ports),
  };
}
