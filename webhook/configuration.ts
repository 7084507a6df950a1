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
type Part = Pick<Entry, 'name' | 'rules' | 'namespaceSelector' | 'objectSelector'> & Partial<Entry>;

/** The controller moves Services also while no webhook answers, as when the site that they both ran in is lost. */
const NOT_BY_CONTROLLER = {
  name: 'not-by-the-controller',
  expression: `!(has(request.options) && has(request.options.fieldManager) && request.options.fieldManager == '${PROGRAM}')`,
} as const;
const FOLLOWS = `has(object.metadata.labels) && '${LABELS.follow}' in object.metadata.labels && object.metadata.labels['${LABELS.follow}'] == 'true'`;

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
  const entry = (part: Part): Entry => ({
    clientConfig: client,
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    failurePolicy,
    reinvocationPolicy: 'IfNeeded',
    matchPolicy: 'Equivalent',
    timeoutSeconds: 5,
    ...part,
    name: `${part.name}${DOMAIN}`,
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
  const services = {
    rules: [
      {
        operations: ['CREATE', 'UPDATE'],
        apiGroups: [''],
        apiVersions: ['v1'],
        resources: ['services'],
        scope: 'Namespaced',
      },
    ],
    namespaceSelector: { matchExpressions: [excluded] },
    objectSelector: { matchExpressions: [{ key: LABELS.follow, operator: 'Exists' }] },
  } as const;
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
      // A write that would take the site out of the selector waits for this webhook, or fails.
      entry({
        ...services,
        name: 'services',
        matchConditions: [NOT_BY_CONTROLLER, { name: 'follows', expression: FOLLOWS }],
      }),
      // Who wants to follow no more can do so without it: the controller restores the selector, a moment later.
      entry({
        ...services,
        name: 'services-left',
        matchConditions: [NOT_BY_CONTROLLER, { name: 'follows-no-more', expression: `!(${FOLLOWS})` }],
        failurePolicy: 'Ignore',
      }),
    ],
  };
}
