import { CLUSTERS, type Cluster, HEALTHY } from '../../../cnpg/cluster.ts';
import { REPORT_CONFIGMAP } from '../../../contract/names.ts';
import type { DnsProvider } from '../../../dns/provider.ts';
import type { Change, Current, TextSet, WrittenType } from '../../../dns/records.ts';
import { CONFIG_MAPS } from '../../../kubernetes/resources.ts';
import { seeing, withMethod } from '../sabotage.ts';
import type { TopologySabotage } from './process.ts';

/** As the other SABOTAGES, of what two clusters of a topology rely on. */
export const TOPOLOGY_SABOTAGES = {
  /** Whoever has the claim, it is taken. */
  'no look at the timeline of a claim': {
    dns: (provider) => {
      const claims = new Map<string, string>();
      const disguised = (set: TextSet): TextSet => ({
        ...set,
        values: set.values.map((text) => {
          const disguise = text.replace(/timeline=\d+/, 'timeline=0');
          claims.set(disguise, text);
          return disguise;
        }),
      });
      const told = reading(provider, (current) => ({
        ...current,
        texts: current.texts?.map(disguised) ?? [],
      }));
      return writing(told, (changes) => changes.map((change) => undisguised(change, claims)));
    },
  },
  /** The first answer about the claim is the last. */
  'no second look at the claim': {
    dns: (provider) => {
      let first: readonly TextSet[] | undefined;
      return reading(provider, (current) => {
        first = first === undefined || first.length === 0 ? (current.texts ?? []) : first;
        return { ...current, texts: first };
      });
    },
  },
  /** Records come before the claim. */
  'no claim before the records': {
    dns: (provider) => {
      let claim: readonly Change<WrittenType>[] = [];
      return withMethod(provider, 'apply', async (zone, changes, guard) => {
        if (changes.every(isOfText)) {
          claim = changes;
          guard.onAccepted?.(changes);
          return;
        }
        await provider.apply(zone, changes, { ...guard, condition: undefined });
        if (claim.length > 0) await provider.apply(zone, claim, guard);
        claim = [];
      });
    },
  },
  /** The end of the demotion is waited for. */
  'no standing by at once': {
    api: (api) =>
      seeing(api, CLUSTERS, (cluster: Cluster) => {
        const { demotionToken = '', timelineID = 0 } = cluster.status ?? {};
        const wasPrimary = timelineID > 0;
        return wasPrimary && demotionToken === '' ? withPrimary(cluster, cluster.metadata.name) : cluster;
      }),
  },
  /** Named as the primary is as good as promoted. */
  'no wait for the promotion': {
    api: (api) =>
      seeing(api, CLUSTERS, (cluster: Cluster) => {
        const { instancesReportedState = {} } = cluster.status ?? {};
        const isPrimary = Object.entries(instancesReportedState).map(
          ([name, state]) => [name, { ...state, isPrimary: true }] as const,
        );
        const lastPromotionToken = cluster.spec?.replica?.promotionToken ?? '';
        const status = {
          ...cluster.status,
          lastPromotionToken,
          instancesReportedState: Object.fromEntries(isPrimary),
        };
        return { ...cluster, status };
      }),
  },
  /** After a failover, what the operator saw before it is believed. */
  'no wait for a look after a failover': {
    api: (api) =>
      seeing(api, CLUSTERS, (cluster: Cluster) => ({
        ...cluster,
        status: { ...cluster.status, phase: HEALTHY },
      })),
  },
  /** A new leader knows nothing of promotions and of claims. */
  'no memory of the promotion': {
    api: (api) =>
      seeing(api, CONFIG_MAPS, (map) => {
        if (map.metadata.name !== REPORT_CONFIGMAP) return map;
        const { claim: _, ...data } = map.data ?? {};
        return { ...map, data };
      }),
  },
} as const satisfies Record<string, TopologySabotage>;

function reading(provider: DnsProvider, change: (current: Current) => Current): DnsProvider {
  return withMethod(provider, 'read', async (query) => change(await provider.read(query)));
}

type Changes = readonly Change<WrittenType>[];

function writing(provider: DnsProvider, change: (changes: Changes) => Changes): DnsProvider {
  return withMethod(provider, 'apply', (zone, changes, guard) =>
    provider.apply(zone, change(changes), guard),
  );
}

function isOfText(change: Change<WrittenType>): boolean {
  return ('desired' in change ? change.desired : change.current).type === 'TXT';
}

function undisguised(change: Change<WrittenType>, claims: ReadonlyMap<string, string>): Change<WrittenType> {
  if (change.action !== 'update') return change;
  const values = change.current.values.map((text) => claims.get(text) ?? text);
  return { ...change, current: { ...change.current, values } };
}

function withPrimary(cluster: Cluster, primary: string): Cluster {
  return { ...cluster, spec: { ...cluster.spec, replica: { ...cluster.spec?.replica, primary } } };
}
