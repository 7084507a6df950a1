import type { FollowedSubject } from '../../contract/followed.ts';
import { TRIGGER_SECTION } from '../../contract/names.ts';
import type { Right } from '../../runtime/rights.ts';
import type { Checked, Choice, Option } from '../../settings/settings.ts';
import { CNPG } from './cnpg/kind.ts';
import { CNPG_TOPOLOGY } from './cnpg-topology/kind.ts';
import { LEASE } from './lease.ts';
import { MANUAL } from './manual.ts';
import { MONGODB } from './mongodb/kind.ts';
import { NODE_STATUS } from './node-status/kind.ts';
import { POD_LABEL } from './pod-label/kind.ts';
import { RESOURCE } from './resource/kind.ts';
import type { Trigger } from './trigger.ts';
import type { TriggerPorts } from './trigger-kind.ts';

/** One row per trigger. The first is what is followed when nothing is said. */
export const TRIGGERS = [
  CNPG,
  CNPG_TOPOLOGY,
  MONGODB,
  NODE_STATUS,
  POD_LABEL,
  LEASE,
  RESOURCE,
  MANUAL,
] as const;

/** The settings of a trigger with its `kind`; one member for each row. */
export type TriggerConfig = Checked<{ it: Choice<'kind', typeof TRIGGERS, Record<never, never>> }>['it'];

interface AnyKind extends Option {
  subject?(config: never): Readonly<Record<string, string>>;
  rights?(config: never): readonly Right[];
  ownCluster?(config: never): string;
  create(config: never, ports: TriggerPorts): Trigger;
}

export function createTrigger(config: TriggerConfig, ports: TriggerPorts): Trigger {
  const kind = kindOf(config);
  ports.report.set(TRIGGER_SECTION, subjectOfTrigger(config));
  // Rows have no type in common but this: what was read by the row's own settings is given back to the row.
  return kind.create(config as never, ports);
}

/** What readers of the report may know of what is followed; no secret. */
export function subjectOfTrigger(config: TriggerConfig): FollowedSubject {
  const kind = kindOf(config);
  return { kind: kind.name, ...kind.subject?.(config as never) };
}

/** Where each site is a Kubernetes cluster: the `cluster` of that in which this controller runs. */
export function ownClusterOf(config: TriggerConfig): string | undefined {
  return kindOf(config).ownCluster?.(config as never);
}

/** All that the trigger of this configuration has to be allowed to do, beside what every controller has to. */
export function rightsOfTrigger(config: TriggerConfig): readonly Right[] {
  return kindOf(config).rights?.(config as never) ?? [];
}

function kindOf(config: TriggerConfig): AnyKind {
  const kinds: readonly AnyKind[] = TRIGGERS;
  const kind = kinds.find(({ name }) => name === config.kind);
  if (kind === undefined) throw new Error(`no trigger is named ${config.kind}`);
  return kind;
}
