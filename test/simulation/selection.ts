import type { KubeObject, ListOptions } from '../../kubernetes/api.ts';
import { parseLabelSelector } from '../../runtime/label-selector.ts';
import { parseFieldSelector } from './field-selector.ts';

export type Selection = Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector' | 'metadataOnly'>;

/** Whether an object is among those of a list or watch. */
export function selectionOf(
  { namespace, labelSelector, fieldSelector }: Selection,
  onUnknown: (use: string) => never,
): (object: KubeObject) => boolean {
  const labels = labelSelector === undefined ? undefined : parseLabelSelector(labelSelector);
  const fields = fieldSelector === undefined ? undefined : parseFieldSelector(fieldSelector);
  if (fieldSelector !== undefined && fields === undefined) onUnknown(`field selector ${fieldSelector}`);
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    (fields === undefined || fields(object)) &&
    (labels === undefined || labels.matches(object.metadata.labels));
}
