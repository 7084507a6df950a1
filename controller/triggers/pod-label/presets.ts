import { MEMBER_LABELS } from '../../../contract/followed.ts';

export type Preset = keyof typeof MEMBER_LABELS;

/**
 * The labels by which operators that use Patroni mark the leader, beside those that all members have. Patroni 4 says
 * `primary` where it said `master` before, and each operator has moved, or will move, at a time of its own: both are
 * looked for.
 */
const ROLES: Readonly<Record<Preset, string>> = {
  /** Patroni's own defaults: kubernetes.scope_label and role_label. */
  patroni: 'role',
  zalando: 'spilo-role',
  crunchy: 'postgres-operator.crunchydata.com/role',
  stackgres: 'role',
};

export const PRESET_NAMES = Object.keys(MEMBER_LABELS) as readonly Preset[];

/** The label selector of the leader's pod. */
export function presetSelector(preset: Preset, cluster: string): string {
  const members = Object.entries(MEMBER_LABELS[preset](cluster)).map(([key, value]) => `${key}=${value}`);
  return [...members, `${ROLES[preset]} in (master,primary)`].join();
}
