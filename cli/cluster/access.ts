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
  readonly spec: { readonly resourceAttributes: ResourceAttributes };
  readonly status?: { readonly allowed: boolean };
}

const SELF: Resource<AccessReview> = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'selfsubjectaccessreviews',
  kind: 'SelfSubjectAccessReview',
  namespaced: false,
};
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
