import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { ACTIVE_CONDITION } from '../../contract/routing.ts';
import type { Pod } from './shape.ts';

/** What injection finds as it would put it there, so that taking the sidecar out leaves it. */
export type Kept = 'label' | 'readiness-gate';

export function findKept({ metadata, spec }: Pod): Kept[] {
  const hasGate = spec.readinessGates?.some(({ conditionType }) => conditionType === ACTIVE_CONDITION);
  return [
    ...(metadata?.labels?.[LABELS.gate] === 'condition' ? ['label' as const] : []),
    ...(hasGate === true ? ['readiness-gate' as const] : []),
  ];
}

/** As {@link findKept} found it before injection. */
export function readKept(metadata: Pod['metadata']): readonly string[] {
  return metadata?.annotations?.[ANNOTATIONS.kept]?.split(',') ?? [];
}
