import type { KubeApi, KubeObject, Resource } from '../../kubernetes/api.ts';

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
    readonly resourceAttributes: ResourceAttributes;
    readonly user?: string;
    readonly groups?: readonly string[];
  };
  readonly status?: { readonly allowed: boolean; readonly reason?: string };
}

function reviews(plural: string, kind: string): Resource<AccessReview> {
  return { group: 'authorization.k8s.io', version: 'v1', plural, kind, namespaced: false };
}

const SELF = reviews('selfsubjectaccessreviews', 'SelfSubjectAccessReview');
const OTHERS = reviews('subjectaccessreviews', 'SubjectAccessReview');
/** A review is asked and not kept: it must have no name. */
const NAMELESS = { name: '' };

/** Whether whoever runs the command may do that. Throws KubeError. */
export async function mayI(
  api: KubeApi,
  resourceAttributes: ResourceAttributes,
  abort: AbortSignal,
): Promise<boolean> {
  const review = await api.create(SELF, { metadata: NAMELESS, spec: { resourceAttributes } }, { abort });
  return review.status?.allowed === true;
}

/** Whether a service account may do that. Throws KubeError. */
export async function mayServiceAccount(
  api: KubeApi,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  resourceAttributes: ResourceAttributes,
  abort: AbortSignal,
): Promise<boolean> {
  const user = `system:serviceaccount:${namespace}:${name}`;
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  const review = await api.create(
    OTHERS,
    { metadata: NAMELESS, spec: { user, groups, resourceAttributes } },
    { abort },
  );
  return review.status?.allowed === true;
}
