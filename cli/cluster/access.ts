import type { KubeApi, KubeObject, Resource } from '../../kubernetes/api.ts';
import { clusterWide } from '../../kubernetes/resources.ts';

/** authorization.k8s.io/v1. */
export interface ResourceAttributes {
  readonly namespace?: string;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly name?: string;
}

interface AccessReview extends KubeObject {
  readonly spec: {
    readonly user?: string;
    readonly groups?: readonly string[];
    readonly resourceAttributes: ResourceAttributes;
  };
  readonly status?: { readonly allowed: boolean };
}

const API = 'authorization.k8s.io/v1';
const SELF = clusterWide<AccessReview>(API, 'selfsubjectaccessreviews', 'SelfSubjectAccessReview');
const SUBJECT = clusterWide<AccessReview>(API, 'subjectaccessreviews', 'SubjectAccessReview');

/** Whether the user of the command may do that. Throws KubeError. */
export function mayI(api: KubeApi, resourceAttributes: ResourceAttributes): Promise<boolean> {
  return isAllowed(api, SELF, { resourceAttributes });
}

/** Whether a service account may do that. Throws KubeError. */
export function mayAccount(
  api: KubeApi,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  resourceAttributes: ResourceAttributes,
): Promise<boolean> {
  const user = `system:serviceaccount:${namespace}:${name}`;
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  return isAllowed(api, SUBJECT, { user, groups, resourceAttributes });
}

async function isAllowed(
  api: KubeApi,
  resource: Resource<AccessReview>,
  spec: AccessReview['spec'],
): Promise<boolean> {
  // The API server answers a review and stores nothing: it must have no name.
  const review = await api.create(resource, { metadata: { name: '' }, spec });
  return review.status?.allowed === true;
}
