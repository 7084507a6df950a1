/**
 * The labels by which operators that use Patroni mark the leader. Patroni 4 says `primary` where it said `master`
 * before, and each operator has moved, or will move, at a time of its own: both are looked for.
 */
const LEADER = 'in (master,primary)';

const PRESETS = {
  /** Patroni's own defaults: kubernetes.scope_label and role_label. */
  patroni: (cluster: string) => `cluster-name=${cluster},role ${LEADER}`,
  zalando: (cluster: string) => `application=spilo,cluster-name=${cluster},spilo-role ${LEADER}`,
  crunchy: (cluster: string) =>
    `postgres-operator.crunchydata.com/cluster=${cluster},postgres-operator.crunchydata.com/role ${LEADER}`,
  stackgres: (cluster: string) =>
    `stackgres.io/cluster=true,stackgres.io/cluster-name=${cluster},role ${LEADER}`,
} as const;

export type Preset = keyof typeof PRESETS;

export const PRESET_NAMES = Object.keys(PRESETS) as readonly Preset[];

/** The label selector of the leader's pod. */
export function presetSelector(preset: Preset, cluster: string): string {
  return PRESETS[preset](cluster);
}
