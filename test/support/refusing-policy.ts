import { PODS } from '../../kubernetes/resources.ts';
import type { ControlPlaneAccess } from './control-plane-access.ts';
import { VALIDATING_POLICIES, VALIDATING_POLICY_BINDINGS } from './policies.ts';
import { until } from './until.ts';

/** What `refusePods` answers. */
export const UNSIGNED = 'the image has no signature of ours';

/** A policy by which no pod can be created in that namespace, as one that requires signed images. Resolves when it is in force. */
export async function refusePods({ api }: ControlPlaneAccess, namespace: string): Promise<void> {
  const metadata = { name: `signed-${namespace}` };
  await api.create(VALIDATING_POLICIES, {
    metadata,
    spec: {
      matchConstraints: {
        resourceRules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] },
        ],
      },
      validations: [{ expression: 'false', message: UNSIGNED }],
    },
  });
  await api.create(VALIDATING_POLICY_BINDINGS, {
    metadata,
    spec: {
      policyName: metadata.name,
      validationActions: ['Deny'],
      matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } },
    },
  });
  await until(
    'the policy is in force',
    async () => {
      const spec = { containers: [{ name: 'a', image: 'a' }] };
      const made = api.create(PODS, { metadata: { namespace, name: 'tried' }, spec }, { dryRun: true });
      return made.then(
        () => undefined,
        (error: unknown) => String(error).includes(UNSIGNED) || undefined,
      );
    },
    { timeoutMs: 60_000 },
  );
}
