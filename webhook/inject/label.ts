import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import type { Metadata } from './shape.ts';

export type InjectLabel = 'yes' | 'no' | 'unsaid' | 'unclear';

/** What the inject label of a pod, a workload or a namespace says. */
export function readLabel(labels: Readonly<Record<string, string>> | null | undefined): InjectLabel {
  const value = labels?.[LABELS.inject];
  if (value === undefined) return 'unsaid';
  if (value === 'true') return 'yes';
  return value === 'false' ? 'no' : 'unclear';
}

/**
 * The mark beside a label that is there since the namespace asks. Beside one that comes from a workload stands its
 * value instead, so that only this is taken back when the workload has it no more.
 */
export const FROM_NAMESPACE = 'namespace';

/** Who put the inject label on a pod or a pod template; `nobody` where there is none. */
export function labelOrigin(
  metadata: Pick<Metadata, 'labels' | 'annotations'> | null | undefined,
): 'nobody' | 'user' | 'workload' | 'namespace' {
  const present = metadata?.labels?.[LABELS.inject];
  if (present === undefined) return 'nobody';
  const mark = metadata?.annotations?.[ANNOTATIONS.carriedLabel];
  if (mark === present) return 'workload';
  return mark === FROM_NAMESPACE && present === 'true' ? 'namespace' : 'user';
}
