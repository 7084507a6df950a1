import type { LabelRequirement, MutatingWebhookConfiguration } from '../kubernetes/resources.ts';
import { isLabelName } from '../runtime/object-names.ts';
import { isOurs } from './configuration.ts';

/** The API server puts it on every namespace; its value is the name. */
const NAME_LABEL = 'kubernetes.io/metadata.name';

/**
 * Whether the API server may ask about what is in a namespace, as far as its name tells. Other labels of it are not
 * known here, and may say so. Never kube-system and the release's own, whatever the configuration says.
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
  if (key !== NAME_LABEL) return true;
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
