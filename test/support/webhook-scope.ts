/** Whom a webhook of a test is asked about: others share the API server. */
import { type MutatingWebhookConfiguration, NAMESPACES } from '../../kubernetes/resources.ts';
import type { ControlPlaneAccess } from './control-plane-access.ts';

const SCOPE = 'test/webhook';

/** For namespaces that {@link letInto} has let into `scope`, and no others. */
export function scopedTo(
  scope: string,
  configuration: MutatingWebhookConfiguration,
): MutatingWebhookConfiguration {
  const inScope = { key: SCOPE, operator: 'In', values: [scope] } as const;
  return {
    ...configuration,
    webhooks: (configuration.webhooks ?? []).map((entry) => ({
      ...entry,
      namespaceSelector: {
        matchExpressions: [...(entry.namespaceSelector?.matchExpressions ?? []), inScope],
      },
    })),
  };
}

/** `labels` are more labels for it. */
export async function letInto(
  scope: string,
  { api }: ControlPlaneAccess,
  namespace: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<void> {
  const body = { metadata: { labels: { [SCOPE]: scope, ...labels } } };
  await api.patch(NAMESPACES, { name: namespace }, body, { type: 'merge' });
}
