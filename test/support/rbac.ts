/** What the controller has to be allowed to do, and a user who may do that and nothing else. */
import type { KubeObject, Resource } from '../../kubernetes/api.ts';
import type { ControlPlaneAccess, User } from './control-plane-access.ts';

export type RbacVerb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

export interface Rule {
  /** own: the controller's namespace. service: that of the followed Cluster. cluster: everywhere. */
  readonly scope: 'own' | 'service' | 'cluster';
  /** Only with this setting; absent: always. */
  readonly when?: 'nodeLabel' | 'nodeSelector' | 'preferredPrimaryNode';
  /** Empty for the core group. */
  readonly group: string;
  /** The plural, with its subresource. */
  readonly resource: string;
  /** Only the object of this name. */
  readonly name?: string;
  readonly verbs: readonly RbacVerb[];
  readonly reason: string;
}

const CNPG = 'postgresql.cnpg.io';

export const RULES: readonly Rule[] = [
  {
    scope: 'service',
    group: CNPG,
    resource: 'clusters',
    verbs: ['get', 'list', 'watch'],
    reason: 'Reads which instance is the primary, and hears at once when that changes.',
  },
  {
    scope: 'service',
    group: '',
    resource: 'pods',
    verbs: ['get', 'list', 'watch'],
    reason: 'Reads on which node the primary runs; pods move without the Cluster changing.',
  },
  {
    scope: 'cluster',
    group: '',
    resource: 'nodes',
    verbs: ['get'],
    reason: 'Reads whether the node of the primary exists, and its labels.',
  },
  {
    scope: 'cluster',
    when: 'nodeSelector',
    group: '',
    resource: 'nodes',
    verbs: ['list', 'watch'],
    reason: 'Knows the nodes of a site that is named by labels.',
  },
  {
    scope: 'own',
    group: '',
    resource: 'configmaps',
    verbs: ['get', 'list', 'watch', 'create', 'update'],
    reason: 'Keeps the status, the report and the snapshots of DNS zones.',
  },
  {
    scope: 'own',
    group: '',
    resource: 'pods',
    verbs: ['get'],
    reason: 'Reads from its own pod whether `kubectl rollout restart` was used on it.',
  },
  {
    scope: 'own',
    group: 'coordination.k8s.io',
    resource: 'leases',
    verbs: ['get', 'list', 'watch', 'create', 'update'],
    reason: 'Has one leader among the replicas.',
  },
  {
    scope: 'own',
    group: 'events.k8s.io',
    resource: 'events',
    verbs: ['create'],
    reason: 'Tells what happened to those who look with `kubectl describe`.',
  },
  {
    scope: 'cluster',
    group: '',
    resource: 'namespaces',
    verbs: ['list', 'watch'],
    reason: 'Finds the namespaces that ask for a copy of the status.',
  },
  {
    scope: 'cluster',
    group: '',
    resource: 'pods',
    verbs: ['list', 'watch'],
    reason: 'Finds the namespaces with injected pods, which need a copy of the status.',
  },
  {
    scope: 'cluster',
    group: '',
    resource: 'configmaps',
    verbs: ['get', 'list', 'watch', 'create', 'update', 'delete'],
    reason: 'Keeps the copies of the status where they are asked for, and removes them where not.',
  },
  {
    scope: 'cluster',
    group: '',
    resource: 'services',
    verbs: ['list', 'watch', 'patch'],
    reason: 'Has the Services that follow select the pods of the active site.',
  },
  {
    scope: 'cluster',
    group: '',
    resource: 'pods',
    verbs: ['patch'],
    reason: 'Labels the pods of those Services with the site of their node.',
  },
  {
    scope: 'cluster',
    group: '',
    resource: 'pods/status',
    verbs: ['patch'],
    reason: 'Keeps the condition of pods that are gated by it.',
  },
  {
    scope: 'cluster',
    when: 'nodeLabel',
    group: '',
    resource: 'nodes',
    verbs: ['list', 'watch', 'patch'],
    reason: 'Labels the nodes of the active site.',
  },
  {
    scope: 'service',
    when: 'preferredPrimaryNode',
    group: CNPG,
    resource: 'clusters/status',
    verbs: ['patch'],
    reason: 'Asks the operator to promote the instance on the preferred node.',
  },
  {
    scope: 'service',
    when: 'preferredPrimaryNode',
    group: CNPG,
    resource: 'backups',
    verbs: ['list'],
    reason: 'Waits for running backups before it has the primary moved.',
  },
];

export interface Grant {
  readonly user: User;
  readonly rules: readonly Rule[];
  readonly own: string;
  readonly service: string;
}

function rbac(plural: string, kind: string, namespaced: boolean): Resource {
  return { group: 'rbac.authorization.k8s.io', version: 'v1', plural, kind, namespaced };
}

const ROLES = rbac('roles', 'Role', true);
const ROLE_BINDINGS = rbac('rolebindings', 'RoleBinding', true);
const CLUSTER_ROLES = rbac('clusterroles', 'ClusterRole', false);
const CLUSTER_ROLE_BINDINGS = rbac('clusterrolebindings', 'ClusterRoleBinding', false);

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

/** Lets `user` do what `rules` say. */
export async function grant(
  { api }: ControlPlaneAccess,
  { user, rules, own, service }: Grant,
): Promise<void> {
  const { name } = user;
  const apiGroup = ROLES.group;
  for (const scope of ['own', 'service', 'cluster'] as const) {
    const everywhere = scope === 'cluster';
    const namespace = { own, service, cluster: undefined }[scope];
    const metadata = { name: `${name}-${scope}`, ...(namespace === undefined ? {} : { namespace }) };
    const role: RbacObject = {
      metadata,
      rules: rules
        .filter((rule) => rule.scope === scope)
        .map(({ group, resource, name: only, verbs }) => ({
          apiGroups: [group],
          resources: [resource],
          verbs,
          ...(only !== undefined && { resourceNames: [only] }),
        })),
    };
    const binding: RbacObject = {
      metadata,
      roleRef: { apiGroup, kind: everywhere ? 'ClusterRole' : 'Role', name: metadata.name },
      subjects: [{ apiGroup, kind: 'User', name }],
    };
    await api.create<RbacObject>(everywhere ? CLUSTER_ROLES : ROLES, role);
    await api.create<RbacObject>(everywhere ? CLUSTER_ROLE_BINDINGS : ROLE_BINDINGS, binding);
  }
}
