import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import type { Metadata } from './shape.ts';

export type InjectLabel = 'yes' | 'no' | 'unsaid' | 'unclear';

/** A label selector for pods that ask for the sidecar; the webhook labels those whose namespace asks. */
export const ASKING_PODS = `${LABELS.inject},${LABELS.inject}!=false`;
/** A label selector for pods for which their namespace decides. */
export const PODS_WITHOUT_LABEL = `!${LABELS.inject}`;

/** The inject label of a pod, a workload or a namespace. */
export function readLabel(labels: Readonly<Record<string, string>> | null | undefined): InjectLabel {
  const value = labels?.[LABELS.inject];
  if (value === undefined) return 'unsaid';
  if (value === 'true') return 'yes';
  return value === 'false' ? 'no' : 'unclear';
}

/**
 * The value of the annotation beside a label that was added because the namespace asks. Beside a label from a workload it is
 * the value of that label, so that only this one is removed when the workload does not have it any more.
 */
export const FROM_NAMESPACE = 'namespace';

/** Who set the inject label of a pod or a pod template; `nobody` where there is none. */
export function labelOrigin(
  metadata: Pick<Metadata, 'labels' | 'annotations'> | null | undefined,
): 'nobody' | 'user' | 'workload' | 'namespace' {
  const present = metadata?.labels?.[LABELS.inject];
  if (present === undefined) return 'nobody';
  const mark = metadata?.annotations?.[ANNOTATIONS.carriedLabel];
  if (mark === present) return 'workload';
  return mark === FROM_NAMESPACE && present === 'true' ? 'namespace' : 'user';
}
