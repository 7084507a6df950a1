import { configMapName, PROGRAM, REPORT_CONFIGMAP } from '../contract/names.ts';
import { rightsOfProvider } from '../dns/registry.ts';
import type { Permission } from '../runtime/rights.ts';
import type { FollowerConfig } from './config.ts';
import { Sites } from './sites/sites.ts';
import { ownClusterOf, rightsOfTrigger } from './triggers/registry.ts';

interface Rule extends Omit<Permission, 'namespace' | 'name'> {
  /** Only the object that is named so for the follower. */
  readonly of?: 'status' | 'report' | 'lease';
  /** own: the controller's namespace. cluster: everywhere. */
  readonly scope: 'own' | 'cluster';
  /** Only with this setting; absent: always. */
  readonly when?: 'followServices' | 'podConditions' | 'nodeLabel' | 'watchesNodes';
}

/** Where the controller keeps its own objects. */
export interface OwnObjects {
  readonly namespace: string;
  /** Of the default follower's status ConfigMap; copies have the same. */
  readonly configMapName: string;
}

/**
 * All that the controller has to be allowed to do for one follower. Tests prove on a real API server that it is enough
 * and that each is needed, and that the chart grants just that.
 */
export function rightsOf(
  { name: follower, sites, routing, trigger, dns }: FollowerConfig,
  { namespace: own, configMapName: base }: OwnObjects,
): readonly Permission[] {
  const names = {
    status: configMapName(base, follower),
    report: configMapName(REPORT_CONFIGMAP, follower),
    lease: PROGRAM,
  };
  const settings = { ...routing, watchesNodes: new Sites(sites, ownClusterOf(trigger)).needLabels };
  const always = CONTROLLER_RULES.filter(({ when }) => when === undefined || settings[when]).map(
    ({ scope, group, resource, of, verbs, reason }): Permission => ({
      ...(scope === 'own' && { namespace: own }),
      group,
      resource,
      ...(of !== undefined && { name: names[of] }),
      verbs,
      reason,
    }),
  );
  const ofDns = dns.flatMap((records) => rightsOfProvider(records, own));
  return [...rightsOfTrigger(trigger), ...always, ...ofDns];
}

/** What every controller needs; the chart has the same (scripts/chart-rights.ts). */
export const CONTROLLER_RULES: readonly Rule[] = [
  {
    scope: 'cluster',
    group: '',
    resource: 'nodes',
    verbs: ['get'],
    reason: 'Reads whether the node of the primary exists, and its labels.',
  },
  {
    scope: 'cluster',
    when: 'watchesNodes',
    group: '',
    resource: 'nodes',
    verbs: ['list', 'watch'],
    reason: 'Knows the nodes of a site that is named by labels, or is the whole cluster.',
  },
  {
    scope: 'own',
    group: '',
    resource: 'configmaps',
    of: 'status',
    verbs: ['get', 'list', 'watch', 'update', 'delete'],
    reason: 'Keeps the status; one that was made immutable has to be made again.',
  },
  {
    scope: 'own',
    group: '',
    resource: 'configmaps',
    of: 'report',
    verbs: ['get', 'list', 'watch', 'update', 'delete'],
    reason: 'Keeps the report, the same way.',
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
    of: 'lease',
    verbs: ['get', 'list', 'watch', 'update'],
    reason: 'Has one leader among the replicas.',
  },
  {
    scope: 'own',
    group: 'coordination.k8s.io',
    resource: 'leases',
    verbs: ['create'],
    reason: 'Makes that Lease; RBAC cannot limit that to a name.',
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
    of: 'status',
    verbs: ['get', 'list', 'watch', 'update', 'delete'],
    reason: 'Keeps the copies of the status where they are asked for, and removes them where not.',
  },
  {
    scope: 'cluster',
    group: '',
    resource: 'configmaps',
    verbs: ['create'],
    reason: 'Makes the copies, the status and the report; RBAC cannot limit that to a name.',
  },
  {
    scope: 'cluster',
    when: 'followServices',
    group: '',
    resource: 'services',
    verbs: ['list', 'watch', 'patch'],
    reason: 'Has the Services that follow select the pods of the active site.',
  },
  {
    scope: 'cluster',
    when: 'followServices',
    group: '',
    resource: 'pods',
    verbs: ['patch'],
    reason: 'Labels the pods of those Services with the site of their node.',
  },
  {
    scope: 'cluster',
    when: 'podConditions',
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
];
