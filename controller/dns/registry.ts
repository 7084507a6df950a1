import type { Clock } from '../../kubernetes/clock.ts';
import type { DnsConfig, NamecheapConfig } from '../config.ts';
import type { NamecheapApi } from './namecheap/api.ts';
import { NamecheapProvider } from './namecheap/provider.ts';
import type { DnsProvider } from './provider.ts';
import type { SnapshotStore } from './snapshots.ts';

export interface DnsPorts {
  readonly clock: Clock;
  readonly snapshots: SnapshotStore;
  readonly connectNamecheap: (config: NamecheapConfig) => NamecheapApi;
}

/** One case per provider. Undefined: the follower has no DNS. */
export function createProvider(config: DnsConfig, ports: DnsPorts): DnsProvider | undefined {
  switch (config.provider) {
    case 'none':
      return undefined;
    case 'namecheap':
      return new NamecheapProvider({ ...ports, api: ports.connectNamecheap(config.namecheap) });
  }
}
