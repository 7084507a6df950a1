/** A user who may do what a process has to be allowed to do, and nothing else. */
import type { KubeObject, Resource } from '../../kubernetes/api.ts';
import { clusterWide, namespaced } from '../../kubernetes/resources.ts';
import type { Permission } from '../../runtime/rights.ts';
import type { ControlPlaneAccess, User } from './control-plane-access.ts';

export interface Grant {
  readonly user: User;
  readonly rights: readonly Permission[];
}

const RBAC = 'rbac.authorization.k8s.io/v1';
const ROLES: Resource = namespaced(RBAC, 'roles', 'Role');
export const ROLE_BINDINGS: Resource = namespaced(RBAC, 'rolebindings', 'RoleBinding');
const CLUSTER_ROLES: Resource = clusterWide(RBAC, 'clusterroles', 'ClusterRole');
const CLUSTER_ROLE_BINDINGS: Resource = clusterWide(RBAC, 'clusterrolebindings', 'ClusterRoleBinding');

interface RbacObject extends KubeObject {
  readonly rules?: readonly {
    apiGroups: string[];
    resources: string[];
    verbs: readonly string[];
    resourceNames?: string[];
  }[];
  readonly roleRef?: { apiGroup: string; kind: string; name: string };
  readonly subjects?: readonly { apiGroup: string; kind: string; name: string }[];
}

/** Lets `user` do that, and no more. */
export async function grant({ api }: ControlPlaneAccess, grant: Grant): Promise<void> {
  const { name } = grant.user;
  const apiGroup = ROLES.group;
  for (const role of rolesOf(grant)) {
    const { metadata } = role;
    const everywhere = metadata.namespace === undefined;
    const binding: RbacObject = {
      metadata,
      roleRef: { apiGroup, kind: everywhere ? 'ClusterRole' : 'Role', name },
      subjects: [{ apiGroup, kind: 'User', name }],
    };
    await api.create<RbacObject>(everywhere ? CLUSTER_ROLES : ROLES, role);
    await api.create<RbacObject>(everywhere ? CLUSTER_ROLE_BINDINGS : ROLE_BINDINGS, binding);
  }
}

/** Lets a user who was granted more do from now on only what `left` says of it. */
export async function regrant(
  { api }: ControlPlaneAccess,
  granted: Grant,
  left: (right: Permission) => boolean,
): Promise<void> {
  for (const { metadata, rules } of rolesOf(granted, left)) {
    const resource = metadata.namespace === undefined ? CLUSTER_ROLES : ROLES;
    await api.patch(resource, metadata, { rules }, { type: 'merge' });
  }
}

/** One for each namespace that is granted anything. */
function rolesOf(
  { user: { name }, rights }: Grant,
  left: (right: Permission) => boolean = () => true,
): RbacObject[] {
  return [...new Set(rights.map((right) => right.namespace))].map((namespace) => ({
    metadata: { name, ...(namespace !== undefined && { namespace }) },
    rules: rights
      .filter((right) => right.namespace === namespace && left(right))
      .map(({ group, resource, name: only, verbs }) => ({
        apiGroups: [group],
        resources: [resource],
        verbs,
        ...(only !== undefined && { resourceNames: [only] }),
      })),
  }));
}
