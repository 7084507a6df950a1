import * as z from 'zod';
import type { FollowedSubject } from '../../contract/followed.ts';
import { TRIGGER_SECTION } from '../../contract/names.ts';
import type { Permission } from '../../runtime/rights.ts';
import { CNPG, cnpg } from './cnpg/kind.ts';
import { CNPG_TOPOLOGY, cnpgTopology } from './cnpg-topology/kind.ts';
import { LEASE, lease } from './lease.ts';
import { MANUAL, manual } from './manual.ts';
import { MONGODB, mongodb } from './mongodb/kind.ts';
import { NODE_STATUS, nodeStatus } from './node-status/kind.ts';
import { POD_LABEL, podLabel } from './pod-label/kind.ts';
import { RESOURCE, resource } from './resource/kind.ts';
import type { Trigger } from './trigger.ts';
import type { ConfiguredTrigger, TriggerPorts } from './trigger-kind.ts';

/** One row per trigger. */
const ROWS = [
  CNPG, // The default.
  CNPG_TOPOLOGY,
  MONGODB,
  NODE_STATUS,
  POD_LABEL,
  LEASE,
  RESOURCE,
  MANUAL,
] as const;

export const TRIGGERS = z.discriminatedUnion('kind', ROWS).meta({ description: 'What is followed.' });

export type TriggerConfig = z.output<typeof TRIGGERS>;

export function configuredTrigger(config: TriggerConfig): ConfiguredTrigger {
  switch (config.kind) {
    case 'cnpg':
      return cnpg(config);
    case 'cnpg-topology':
      return cnpgTopology(config);
    case 'mongodb':
      return mongodb(config);
    case 'node-status':
      return nodeStatus(config);
    case 'pod-label':
      return podLabel(config);
    case 'lease':
      return lease(config);
    case 'resource':
      return resource(config);
    case 'manual':
      return manual();
  }
}

export function createTrigger(config: TriggerConfig, ports: TriggerPorts): Trigger {
  ports.report.set(TRIGGER_SECTION, subjectOfTrigger(config));
  return configuredTrigger(config).create(ports);
}

/** What readers of the report may know of what is followed; no secret. */
export function subjectOfTrigger(config: TriggerConfig): FollowedSubject {
  return { kind: config.kind, ...configuredTrigger(config).subject };
}

/** Where each site is a Kubernetes cluster: the `cluster` of that in which this controller runs. */
export function ownClusterOf(config: TriggerConfig): string | undefined {
  return configuredTrigger(config).ownCluster;
}

/** All that the trigger of this configuration has to be allowed to do, beside what every controller has to. */
export function rightsOfTrigger(config: TriggerConfig): readonly Permission[] {
  return configuredTrigger(config).rights ?? [];
}
