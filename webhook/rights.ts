import { PROGRAM } from '../contract/names.ts';
import type { Permission } from '../runtime/rights.ts';
import { INJECTION_CONFIGMAP } from './injection-watchdog.ts';
import { secretNameOf } from './webhook-configuration.ts';

/** Elects the replica that runs the watchdog. */
export const WEBHOOK_LEASE = `${PROGRAM}-webhook`;

export interface RightsOptions {
  /** Of the webhook. */
  readonly namespace: string;
  /** Name of its MutatingWebhookConfiguration. */
  readonly configuration: string;
  /** Otherwise cert-manager does, and keeps the caBundle. */
  readonly makesCertificates: boolean;
  /** The status ConfigMaps of all followers. */
  readonly statuses: readonly string[];
}

/** All permissions of the webhook. Tests prove that they suffice and that the chart grants exactly these. */
export function webhookRights({
  namespace,
  configuration,
  makesCertificates,
  statuses,
}: RightsOptions): readonly Permission[] {
  const certificates: readonly Permission[] = [
    {
      namespace,
      group: '',
      resource: 'secrets',
      name: secretNameOf(configuration),
      verbs: ['get', 'list', 'watch', 'update'],
      reason: 'Shares its certificates among the replicas, and renews them.',
    },
  ];
  return [
    ...(makesCertificates ? certificates : []),
    {
      group: 'admissionregistration.k8s.io',
      resource: 'mutatingwebhookconfigurations',
      name: configuration,
      ...(makesCertificates
        ? {
            verbs: ['list', 'watch', 'patch'],
            reason: 'Keeps the caBundle of its own configuration right.',
          }
        : {
            verbs: ['list', 'watch'],
            reason: 'Knows from its own configuration whether the API server trusts its certificate.',
          }),
    },
    ...statuses.map(
      (name): Permission => ({
        namespace,
        group: '',
        resource: 'configmaps',
        name,
        verbs: ['list', 'watch'],
        reason:
          'Knows from the status which site a new Service that follows has to route to, and which pods are followed.',
      }),
    ),
    {
      namespace,
      group: 'coordination.k8s.io',
      resource: 'leases',
      name: WEBHOOK_LEASE,
      verbs: ['get', 'list', 'watch', 'update'],
      reason: 'Has one replica that looks for pods without their sidecar.',
    },
    {
      namespace,
      group: 'coordination.k8s.io',
      resource: 'leases',
      verbs: ['create'],
      reason: 'Makes that Lease; RBAC cannot limit that to a name.',
    },
    {
      group: '',
      resource: 'pods',
      verbs: ['list'],
      reason: 'Finds pods that ask for the sidecar and run without it.',
    },
    {
      group: '',
      resource: 'namespaces',
      verbs: ['list'],
      reason: 'Finds the namespaces that ask for the sidecar as a whole.',
    },
    {
      group: '',
      resource: 'limitranges',
      verbs: ['list', 'watch'],
      reason: 'Says which annotation fits where a LimitRange would refuse a pod for its sidecar.',
    },
    {
      namespace,
      group: '',
      resource: 'configmaps',
      name: INJECTION_CONFIGMAP,
      verbs: ['get', 'update'],
      reason: 'Names those pods in a ConfigMap.',
    },
    {
      namespace,
      group: '',
      resource: 'configmaps',
      verbs: ['create'],
      reason: 'Makes that ConfigMap; RBAC cannot limit that to a name.',
    },
    {
      group: 'events.k8s.io',
      resource: 'events',
      verbs: ['create'],
      reason: 'Tells what happened to those who look with `kubectl describe`.',
    },
  ];
}
