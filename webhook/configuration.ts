import { LABELS, PROGRAM } from '../contract/names.ts';
import type { MutatingWebhookConfiguration, WebhookClientConfig } from '../kubernetes/resources.ts';

/** Of the MutatingWebhookConfiguration. */
export const CONFIGURATION_NAME = `${PROGRAM}-webhook`;

/** The path that reviews are sent to. */
export const REVIEW_PATH = '/mutate';

/** The API server wants names of at least three parts. */
const DOMAIN = `.inject.${PROGRAM}`;

export interface ConfigurationOptions {
  /** The release's own namespace: its pods must start while there is no webhook. */
  readonly namespace: string;
  readonly client: Omit<WebhookClientConfig, 'caBundle'>;
  readonly failurePolicy?: 'Fail' | 'Ignore';
  readonly name?: string;
}

type Entry = NonNullable<MutatingWebhookConfiguration['webhooks']>[number];

/** Whether an entry of a configuration is one that calls this webhook. */
export function isOurs(entryName: string): boolean {
  return entryName.endsWith(DOMAIN);
}

/**
 * What the API server asks this webhook about: only what is labelled, so that nothing else ever waits for it.
 * caBundle is left out; the webhook fills it in itself.
 */
export function webhookConfiguration({
  namespace,
  client,
  failurePolicy = 'Fail',
  name = CONFIGURATION_NAME,
}: ConfigurationOptions): MutatingWebhookConfiguration {
  const excluded = {
    key: 'kubernetes.io/metadata.name',
    operator: 'NotIn',
    values: ['kube-system', namespace],
  } as const;
  const entry = (part: Pick<Entry, 'name' | 'rules' | 'namespaceSelector' | 'objectSelector'>): Entry => ({
    ...part,
    name: `${part.name}${DOMAIN}`,
    clientConfig: client,
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    failurePolicy,
    reinvocationPolicy: 'IfNeeded',
    matchPolicy: 'Equivalent',
    timeoutSeconds: 5,
  });
  const pods = [
    {
      operations: ['CREATE'],
      apiGroups: [''],
      apiVersions: ['v1'],
      resources: ['pods'],
      scope: 'Namespaced',
    },
  ] as const;
  const workloads = [
    {
      operations: ['CREATE', 'UPDATE'],
      apiGroups: ['apps'],
      apiVersions: ['v1'],
      resources: ['deployments', 'statefulsets', 'daemonsets'],
      scope: 'Namespaced',
    },
  ] as const;
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name },
    webhooks: [
      // The label goes before that of the namespace. A value that is neither true nor false is refused with a word.
      entry({
        name: 'pods',
        rules: pods,
        namespaceSelector: { matchExpressions: [excluded] },
        objectSelector: {
          matchExpressions: [
            { key: LABELS.inject, operator: 'Exists' },
            { key: LABELS.inject, operator: 'NotIn', values: ['false'] },
          ],
        },
      }),
      entry({
        name: 'pods-of-namespaces',
        rules: pods,
        namespaceSelector: {
          matchExpressions: [excluded, { key: LABELS.inject, operator: 'In', values: ['true'] }],
        },
        objectSelector: { matchExpressions: [{ key: LABELS.inject, operator: 'DoesNotExist' }] },
      }),
      // The API server looks at the old object too, so taking the label away is seen.
      entry({
        name: 'workloads',
        rules: workloads,
        namespaceSelector: { matchExpressions: [excluded] },
        objectSelector: { matchExpressions: [{ key: LABELS.inject, operator: 'Exists' }] },
      }),
    ],
  };
}
