import type { CnpgConfig } from '../config.ts';
import type { EventSink } from '../event-rules.ts';
import type { Metrics } from '../metrics.ts';
import type { WatchPorts } from '../reflect.ts';
import { CnpgTrigger } from './cnpg/index.ts';
import { createPreferredPrimary } from './cnpg/preferred.ts';
import type { MemoryStore, Trigger } from './trigger.ts';

export interface TriggerPorts extends WatchPorts {
  readonly follower: string;
  readonly metrics: Metrics;
  readonly restartedAt: string;
  readonly events: EventSink;
  readonly report: MemoryStore;
}

/** One case per trigger. */
export function createTrigger(config: CnpgConfig, ports: TriggerPorts): Trigger {
  switch (config.kind) {
    case 'cnpg': {
      const { namespace, clusterName } = config;
      const preferred = createPreferredPrimary(config, ports);
      return new CnpgTrigger({ ports, namespace, clusterName, ...(preferred && { preferred }) });
    }
  }
}
