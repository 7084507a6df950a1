import { LABELS, PROGRAM } from '../contract/names.ts';
import type { MutatingWebhookConfiguration, WebhookClientConfig } from '../kubernetes/resources.ts';
import { NAMESPACE_NAME } from '../kubernetes/selector.ts';
import { MATCH_CONDITIONS } from './match-conditions.ts';

/** Of the MutatingWebhookConfiguration. */
export const CONFIGURATION_NAME = `${PROGRAM}-webhook`;

/** The Secret with the certificates. It has the name of the configuration, as several releases may share a namespace. */
export const secretNameOf = (configuration: string): string => `${configuration}-tls`;

/** The path for reviews. */
export const REVIEW_PATH = '/mutate';

/** The API server requires names of at least three parts. */
const DOMAIN = `.inject.${PROGRAM}`;

export interface ConfigurationOptions {
  /** Of the release, whose pods must start while there is no webhook. */
  readonly namespace: string;
  readonly client: Omit<WebhookClientConfig, 'caBundle'>;
  readonly failurePolicy?: 'Fail' | 'Ignore';
  readonly name?: string;
}

type Entry = NonNullable<MutatingWebhookConfiguration['webhooks']>[number];
type Part = Pick<Entry, 'rules' | 'namespaceSelector' | 'objectSelector'> & {
  readonly name: keyof typeof MATCH_CONDITIONS;
};

/** Seconds. A review that only gives a warning must not hold anybody up. */
const TIMEOUT = { Fail: 5, Ignore: 2 } as const;

/** Whether an entry of a configuration calls this webhook. */
export function isOurs(entryName: string): boolean {
  return entryName.endsWith(DOMAIN);
}

/** The API server asks only about labelled objects, so that nothing else waits for it. The webhook sets caBundle itself. */
export function webhookConfiguration({
  namespace,
  client,
  failurePolicy = 'Fail',
  name = CONFIGURATION_NAME,
}: ConfigurationOptions): MutatingWebhookConfiguration {
  const excluded = {
    key: NAMESPACE_NAME,
    operator: 'NotIn',
    values: ['kube-system', namespace],
  } as const;
  const entry = ({ name: part, ...asked }: Part): Entry => {
    const isLeft = part.endsWith('-left');
    return {
      clientConfig: client,
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      failurePolicy: isLeft ? 'Ignore' : failurePolicy,
      reinvocationPolicy: 'IfNeeded',
      matchPolicy: 'Equivalent',
      timeoutSeconds: isLeft ? TIMEOUT.Ignore : TIMEOUT.Fail,
      ...asked,
      matchConditions: MATCH_CONDITIONS[part],
      name: `${part}${DOMAIN}`,
    };
  };
  const pods = {
    rules: [rule(['CREATE'], '', ['pods'])],
    namespaceSelector: { matchExpressions: [excluded] },
    // The label takes precedence over that of the namespace. A value that is neither true nor false is refused.
    objectSelector: {
      matchExpressions: [
        { key: LABELS.inject, operator: 'Exists' },
        { key: LABELS.inject, operator: 'NotIn', values: ['false'] },
      ],
    },
  } as const;
  const podsOfNamespaces = {
    rules: pods.rules,
    namespaceSelector: {
      matchExpressions: [excluded, { key: LABELS.inject, operator: 'In', values: ['true'] }],
    },
    objectSelector: { matchExpressions: [{ key: LABELS.inject, operator: 'DoesNotExist' }] },
  } as const;
  const workloads = {
    rules: [rule(['CREATE', 'UPDATE'], 'apps', ['deployments', 'statefulsets', 'daemonsets'])],
    namespaceSelector: { matchExpressions: [excluded] },
  } as const;
  const services = {
    rules: [rule(['CREATE', 'UPDATE'], '', ['services'])],
    namespaceSelector: { matchExpressions: [excluded] },
    objectSelector: { matchExpressions: [{ key: LABELS.follow, operator: 'Exists' }] },
  } as const;
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name },
    // The entries for warnings come first: after another one has changed the object, they would be asked again.
    webhooks: [
      entry({ ...pods, name: 'pods-left' }),
      entry({ ...pods, name: 'pods' }),
      entry({ ...podsOfNamespaces, name: 'pods-of-namespaces-left' }),
      entry({ ...podsOfNamespaces, name: 'pods-of-namespaces' }),
      // Without a selector, as the label of an object that has none any more may have to be removed from its template.
      entry({ ...workloads, name: 'workloads-left', objectSelector: {} }),
      entry({
        ...workloads,
        name: 'workloads',
        objectSelector: { matchExpressions: [{ key: LABELS.inject, operator: 'In', values: ['true'] }] },
      }),
      // A Service that stops following does not need the webhook: the controller restores its selector.
      entry({ ...services, name: 'services-left' }),
      // A write that would remove the site from the selector waits for this webhook, or fails.
      entry({ ...services, name: 'services' }),
    ],
  };
}

type Rule = NonNullable<Entry['rules']>[number];

function rule(operations: Rule['operations'], group: string, resources: Rule['resources']): Rule {
  return { operations, apiGroups: [group], apiVersions: ['v1'], resources, scope: 'Namespaced' };
}
