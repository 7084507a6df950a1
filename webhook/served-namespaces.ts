import type { LabelRequirement, MutatingWebhookConfiguration } from '../kubernetes/resources.ts';
import { NAMESPACE_NAME } from '../kubernetes/selector.ts';
import { isLabelName } from '../runtime/object-names.ts';
import { isOurs } from './webhook-configuration.ts';

/**
 * Whether the API server may ask about objects in a namespace, by its name; its other labels, which are unknown here, may
 * allow it. Never in kube-system and the namespace of the release, whatever the configuration selects.
 */
export function isServed(
  namespace: string,
  own: string,
  configuration: MutatingWebhookConfiguration | undefined,
): boolean {
  if (!isLabelName(namespace) || namespace === 'kube-system' || namespace === own) return false;
  const entries = configuration?.webhooks?.filter(({ name }) => isOurs(name)) ?? [];
  return entries.some(({ namespaceSelector }) =>
    (namespaceSelector?.matchExpressions ?? []).every((requirement) => mayHold(requirement, namespace)),
  );
}

function mayHold({ key, operator, values = [] }: LabelRequirement, namespace: string): boolean {
  if (key !== NAMESPACE_NAME) return true;
  switch (operator) {
    case 'In':
      return values.includes(namespace);
    case 'NotIn':
      return !values.includes(namespace);
    case 'Exists':
      return true;
    case 'DoesNotExist':
      return false;
  }
}
