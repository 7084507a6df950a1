import type { Checked, Choice, Option } from '../config/settings.ts';
import { CNPG } from './cnpg/kind.ts';
import { LEASE } from './lease.ts';
import { MANUAL } from './manual.ts';
import { MONGODB } from './mongodb/kind.ts';
import { NODE_STATUS } from './node-status/kind.ts';
import { POD_LABEL } from './pod-label/kind.ts';
import { RESOURCE } from './resource/kind.ts';
import { TRIGGER_SECTION, type Trigger } from './trigger.ts';
import type { TriggerPorts } from './trigger-kind.ts';

/** One row per trigger. The first is what is followed when nothing is said. */
export const TRIGGERS = [CNPG, MONGODB, NODE_STATUS, POD_LABEL, LEASE, RESOURCE, MANUAL] as const;

/** The settings of a trigger with its `kind`; one member for each row. */
export type TriggerConfig = Checked<{ it: Choice<'kind', typeof TRIGGERS, Record<never, never>> }>['it'];

interface AnyKind extends Option {
  subject?(config: never): Readonly<Record<string, string>>;
  create(config: never, ports: TriggerPorts): Trigger;
}

export function createTrigger(config: TriggerConfig, ports: TriggerPorts): Trigger {
  const kinds: readonly AnyKind[] = TRIGGERS;
  const kind = kinds.find(({ name }) => name === config.kind);
  if (kind === undefined) throw new Error(`no trigger is named ${config.kind}`);
  const subject = kind.subject?.(config as never);
  ports.report.set(TRIGGER_SECTION, { kind: kind.name, ...subject });
  // Rows have no type in common but this: what was read by the row's own settings is given back to the row.
  return kind.create(config as never, ports);
}
