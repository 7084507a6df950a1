import { LABELS, PROGRAM } from '../contract/names.ts';
import type { MutatingWebhookConfiguration, WebhookClientConfig } from '../kubernetes/resources.ts';
import { MATCH_CONDITIONS } from './match-conditions.ts';

/** Of the MutatingWebhookConfiguration. */
export const CONFIGURATION_NAME = `${PROGRAM}-webhook`;

/** Of the Secret with the certificates for a configuration of this name: several releases may be in one namespace. */
export const secretNameOf = (configuration: string): string => `${configuration}-tls`;

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
type Part = Pick<Entry, 'rules' | 'namespaceSelector' | 'objectSelector'> & {
  readonly name: keyof typeof MATCH_CONDITIONS;
};

/** Seconds. Nobody depends on what is asked for a word alone, so nobody waits for it either. */
const TIMEOUT = { Fail: 5, Ignore: 2 } as const;

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
    rules: [
      {
        operations: ['CREATE'],
        apiGroups: [''],
        apiVersions: ['v1'],
        resources: ['pods'],
        scope: 'Namespaced',
      },
    ],
    namespaceSelector: { matchExpressions: [excluded] },
    // The label goes before that of the namespace. A value that is neither true nor false is refused with a word.
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
    rules: [
      {
        operations: ['CREATE', 'UPDATE'],
        apiGroups: ['apps'],
        apiVersions: ['v1'],
        resources: ['deployments', 'statefulsets', 'daemonsets'],
        scope: 'Namespaced',
      },
    ],
    namespaceSelector: { matchExpressions: [excluded] },
  } as const;
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
    // What is left comes first: after the other entry has changed the object, it would be asked about once more.
    webhooks: [
      entry({ ...pods, name: 'pods-left' }),
      entry({ ...pods, name: 'pods' }),
      entry({ ...podsOfNamespaces, name: 'pods-of-namespaces-left' }),
      entry({ ...podsOfNamespaces, name: 'pods-of-namespaces' }),
      // Neither the label of an object nor that of the old one may be there any more: what was carried is still to be taken back.
      entry({ ...workloads, name: 'workloads-left', objectSelector: {} }),
      entry({
        ...workloads,
        name: 'workloads',
        objectSelector: { matchExpressions: [{ key: LABELS.inject, operator: 'In', values: ['true'] }] },
      }),
      // Who wants to follow no more can do so without it: the controller restores the selector, a moment later.
      entry({ ...services, name: 'services-left' }),
      // A write that would take the site out of the selector waits for this webhook, or fails.
      entry({ ...services, name: 'services' }),
    ],
  };
}
