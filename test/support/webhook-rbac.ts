import { PROGRAM } from '../../contract/names.ts';
import { INJECTION_CONFIGMAP } from '../../webhook/watchdog.ts';
import type { Rule } from './rbac.ts';

/** What the webhook has to be allowed to do, for a configuration of this name. */
export function webhookRules(configuration: string): readonly Rule[] {
  return [...ownCertificates(configuration), ...ALWAYS];
}

/** The same for one whose certificate is made by somebody else and mounted. */
export function mountedWebhookRules(configuration: string): readonly Rule[] {
  return [
    {
      scope: 'cluster',
      group: 'admissionregistration.k8s.io',
      resource: 'mutatingwebhookconfigurations',
      name: configuration,
      verbs: ['list', 'watch'],
      reason: 'Knows from its own configuration whether the API server trusts its certificate.',
    },
    ...ALWAYS,
  ];
}

function ownCertificates(configuration: string): readonly Rule[] {
  return [
    {
      scope: 'own',
      group: '',
      resource: 'secrets',
      name: `${PROGRAM}-webhook-tls`,
      verbs: ['get', 'list', 'watch', 'update'],
      reason: 'Shares its certificates among the replicas, and renews them.',
    },
    {
      scope: 'own',
      group: '',
      resource: 'secrets',
      verbs: ['create'],
      reason: 'Makes the Secret of the certificates; RBAC cannot limit that to a name.',
    },
    {
      scope: 'cluster',
      group: 'admissionregistration.k8s.io',
      resource: 'mutatingwebhookconfigurations',
      name: configuration,
      verbs: ['list', 'watch', 'patch'],
      reason: 'Keeps the caBundle of its own configuration right.',
    },
  ];
}

const ALWAYS: readonly Rule[] = [
  {
    scope: 'own',
    group: '',
    resource: 'configmaps',
    verbs: ['list', 'watch'],
    reason: 'Knows from the status which site a new Service that follows has to route to.',
  },
  {
    scope: 'own',
    group: 'coordination.k8s.io',
    resource: 'leases',
    verbs: ['get', 'list', 'watch', 'create', 'update'],
    reason: 'Has one replica that looks for pods without their sidecar.',
  },
  {
    scope: 'cluster',
    group: '',
    resource: 'pods',
    verbs: ['list'],
    reason: 'Finds pods that ask for the sidecar and run without it.',
  },
  {
    scope: 'cluster',
    group: '',
    resource: 'namespaces',
    verbs: ['list'],
    reason: 'Finds the namespaces that ask for the sidecar as a whole.',
  },
  {
    scope: 'own',
    group: '',
    resource: 'configmaps',
    name: INJECTION_CONFIGMAP,
    verbs: ['get', 'update'],
    reason: 'Names those pods in a ConfigMap.',
  },
  {
    scope: 'own',
    group: '',
    resource: 'configmaps',
    verbs: ['create'],
    reason: 'Makes that ConfigMap; RBAC cannot limit that to a name.',
  },
  {
    scope: 'cluster',
    group: 'events.k8s.io',
    resource: 'events',
    verbs: ['create'],
    reason: 'Tells what happened to those who look with `kubectl describe`.',
  },
];
