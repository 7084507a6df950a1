import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { ACTIVE_CONDITION } from '../../contract/routing.ts';
import type { Pod } from './shape.ts';

/** What a pod had already before injection, so that `uninject` keeps it. */
export type Kept = 'label' | 'readiness-gate';

export function findKept({ metadata, spec }: Pod): Kept[] {
  const hasGate = spec.readinessGates?.some(({ conditionType }) => conditionType === ACTIVE_CONDITION);
  return [
    ...(metadata?.labels?.[LABELS.gate] === 'condition' ? ['label' as const] : []),
    ...(hasGate === true ? ['readiness-gate' as const] : []),
  ];
}

/** What {@link findKept} found before injection. */
export function readKept(metadata: Pod['metadata']): readonly string[] {
  return metadata?.annotations?.[ANNOTATIONS.kept]?.split(',') ?? [];
}
