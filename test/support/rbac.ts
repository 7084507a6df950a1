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

/** Reads the pod that a source names. */
const NAMED_POD: Rule = {
  scope: 'service',
  group: '',
  resource: 'pods',
  verbs: ['get'],
  reason: 'Reads on which node that pod runs.',
};

function source(group: string, resource: string, verbs: readonly RbacVerb[], name?: string): Rule {
  const reason = 'Reads what the trigger follows, and hears at once when that changes.';
  return { scope: 'service', group, resource, verbs, reason, ...(name !== undefined && { name }) };
}

const WATCHED = ['get', 'list', 'watch'] as const;

/** What the kinds of triggers need besides what RULES has for a Cluster of CloudNativePG. */
export const TRIGGER_RULES = {
  psmdb: [source('psmdb.percona.com', 'perconaservermongodbs', WATCHED, 'db'), NAMED_POD],
  hello: [source('', 'secrets', ['get'], 'db-login'), NAMED_POD],
  podLabel: [source('', 'pods', ['list', 'watch'])],
  lease: [source('coordination.k8s.io', 'leases', WATCHED, 'db'), NAMED_POD],
  resource: [source('mysql.example.com', 'databases', WATCHED, 'db'), NAMED_POD],
  nodeStatus: [{ ...source('', 'nodes', WATCHED), scope: 'cluster' }],
} as const satisfies Readonly<Record<string, readonly Rule[]>>;

/** Beside {@link RULES} where a record set is at ExternalDNS; `own` is the namespace of its objects. */
export const EXTERNAL_DNS_RULES: readonly Rule[] = [
  {
    scope: 'own',
    group: 'externaldns.k8s.io',
    resource: 'dnsendpoints',
    verbs: ['get', 'create', 'patch'],
    reason:
      'Has ExternalDNS make the records. Server-side apply is a patch, and a creation where there is none.',
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
export async function grant({ api }: ControlPlaneAccess, grant: Grant): Promise<void> {
  const { name } = grant.user;
  const apiGroup = ROLES.group;
  for (const { everywhere, role } of rolesOf(grant)) {
    const { metadata } = role;
    const binding: RbacObject = {
      metadata,
      roleRef: { apiGroup, kind: everywhere ? 'ClusterRole' : 'Role', name: metadata.name },
      subjects: [{ apiGroup, kind: 'User', name }],
    };
    await api.create<RbacObject>(everywhere ? CLUSTER_ROLES : ROLES, role);
    await api.create<RbacObject>(everywhere ? CLUSTER_ROLE_BINDINGS : ROLE_BINDINGS, binding);
  }
}

/** Lets a user who was granted something do from now on what `rules` say, and nothing else. */
export async function regrant({ api }: ControlPlaneAccess, grant: Grant): Promise<void> {
  for (const { everywhere, role } of rolesOf(grant)) {
    const { metadata, rules } = role;
    await api.patch(everywhere ? CLUSTER_ROLES : ROLES, metadata, { rules }, { type: 'merge' });
  }
}

function rolesOf({ user, rules, own, service }: Grant): { everywhere: boolean; role: RbacObject }[] {
  return (['own', 'service', 'cluster'] as const).map((scope) => {
    const namespace = { own, service, cluster: undefined }[scope];
    const metadata = { name: `${user.name}-${scope}`, ...(namespace === undefined ? {} : { namespace }) };
    const allowed = rules
      .filter((rule) => rule.scope === scope)
      .map(({ group, resource, name, verbs }) => ({
        apiGroups: [group],
        resources: [resource],
        verbs,
        ...(name !== undefined && { resourceNames: [name] }),
      }));
    return { everywhere: namespace === undefined, role: { metadata, rules: allowed } };
  });
}
