/** The admission policies by which the API server injects where the chart has `webhook.mode: policy`. */
import { type FollowedSubject, isKnownByPrimaryAlone } from '../../contract/followed.ts';
import type { KubeApi, KubeObject, Resource } from '../../kubernetes/api.ts';
import { ignoreNotFound } from '../../kubernetes/errors.ts';
import { listAll } from '../../kubernetes/pages.ts';

export interface AdmissionPolicy extends KubeObject {
  readonly spec?: {
    readonly variables?: readonly { readonly name: string; readonly expression: string }[];
  };
}

const resource = (kind: string, plural: string): Resource<AdmissionPolicy> => ({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  namespaced: false,
  kind,
  plural,
});

/** Their bindings have no variables. */
const POLICY_KINDS = {
  MutatingAdmissionPolicy: resource('MutatingAdmissionPolicy', 'mutatingadmissionpolicies'),
  MutatingAdmissionPolicyBinding: resource(
    'MutatingAdmissionPolicyBinding',
    'mutatingadmissionpolicybindings',
  ),
  ValidatingAdmissionPolicy: resource('ValidatingAdmissionPolicy', 'validatingadmissionpolicies'),
  ValidatingAdmissionPolicyBinding: resource(
    'ValidatingAdmissionPolicyBinding',
    'validatingadmissionpolicybindings',
  ),
} as const;

/** How the chart ends the names of policies for pods. */
const PODS = '-inject-pods';

/** Empty where the API server does not know the kind, as before Kubernetes 1.36. */
export async function listPolicies(
  api: KubeApi,
  kind: keyof typeof POLICY_KINDS,
): Promise<readonly AdmissionPolicy[]> {
  return (await listAll(api, POLICY_KINDS[kind]).catch(ignoreNotFound)) ?? [];
}

/** The policy for pods of the controller in `namespace`: it injects, or it refuses what was not injected. */
export function podPolicyOf(
  policies: readonly AdmissionPolicy[],
  namespace: string,
): AdmissionPolicy | undefined {
  return policies.find(
    (policy) =>
      policy.metadata.name.endsWith(PODS) &&
      given(policy, 'controllerNamespace') === JSON.stringify(namespace),
  );
}

/** Whether a policy injects nothing in a namespace, as it cannot tell there which pods are followed. */
export function leavesAlone(policy: AdmissionPolicy, namespace: string): boolean {
  const followed = JSON.parse(given(policy, 'followed') ?? '[]') as readonly FollowedSubject[];
  return followed.some((subject) => subject.namespace === namespace && isKnownByPrimaryAlone(subject));
}

/** When a pod or workload may have been created without injection; continues “it was created”. */
export function missedWhen(policy: AdmissionPolicy | undefined): string {
  return policy === undefined
    ? 'while the webhook was down'
    : 'before the policies were there that inject now';
}

function given({ spec }: AdmissionPolicy, variable: string): string | undefined {
  return spec?.variables?.find(({ name }) => name === variable)?.expression;
}
