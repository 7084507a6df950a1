/** Kinds that the commands list, with what they read of each object. */
import { BACKUPS as ALL_OF_BACKUPS, type Backup, CLUSTERS, type Cluster } from '../../cnpg/cluster.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import {
  NAMESPACES as ALL_OF_NAMESPACES,
  NODES as ALL_OF_NODES,
  SERVICES as ALL_OF_SERVICES,
  type Node,
  type Service,
} from '../../kubernetes/resources.ts';
import type { Selector } from '../../kubernetes/selector.ts';
import {
  LIMIT_RANGES as ALL_OF_LIMIT_RANGES,
  keptOf as keptLimits,
  type LimitRange,
} from '../../webhook/limit-ranges.ts';
import { conditions, fields, IDENTITY, type Keep, type Listed, labels, list, marks, scalar } from './kept.ts';

/** A Job; the template of a CronJob is one further in. */
export interface Job extends KubeObject {
  readonly spec?: {
    readonly template?: Template;
    readonly jobTemplate?: { readonly spec?: { readonly template?: Template } };
  };
}

interface Template {
  readonly metadata?: Pick<KubeObject['metadata'], 'labels' | 'annotations'>;
}

export interface DisruptionBudget extends KubeObject {
  readonly spec?: { readonly selector?: Selector; readonly unhealthyPodEvictionPolicy?: string };
  readonly status?: {
    readonly disruptionsAllowed?: number;
    readonly currentHealthy?: number;
    readonly desiredHealthy?: number;
    readonly expectedPods?: number;
  };
}

export interface Autoscaler extends KubeObject {
  readonly spec?: { readonly scaleTargetRef?: { readonly kind?: string; readonly name?: string } };
}

export interface Namespace extends KubeObject {
  readonly status?: { readonly phase?: string };
}

export interface NodeWithInfo extends Node {
  readonly status?: Node['status'] & { readonly nodeInfo?: { readonly kubeletVersion?: string } };
}

function of<T extends KubeObject>(group: string, plural: string, kind: string, keep: Keep<T>): Listed<T> {
  return { group, version: group === 'autoscaling' ? 'v2' : 'v1', plural, kind, namespaced: true, keep };
}

const template = fields<Template>({ metadata: marks });
const keepJob = fields<Job>({
  ...IDENTITY,
  spec: fields<NonNullable<Job['spec']>>({
    template,
    jobTemplate: fields<{ spec?: { template?: Template } }>({
      spec: fields<{ template?: Template }>({ template }),
    }),
  }),
});
export const JOBS = of<Job>('batch', 'jobs', 'Job', keepJob);
export const CRON_JOBS = of<Job>('batch', 'cronjobs', 'CronJob', keepJob);

/** Many times as many as a selector has. */
const MOST_EXPRESSIONS = 16;
const MOST_VALUES = 32;
const MOST_TAINTS = 64;

const selector = fields<Selector>({
  matchLabels: labels,
  matchExpressions: list(
    MOST_EXPRESSIONS,
    fields<NonNullable<Selector['matchExpressions']>[number]>({
      key: scalar,
      operator: scalar,
      values: list(MOST_VALUES, scalar<string>),
    }),
  ),
});

export const DISRUPTION_BUDGETS = of<DisruptionBudget>(
  'policy',
  'poddisruptionbudgets',
  'PodDisruptionBudget',
  fields<DisruptionBudget>({
    ...IDENTITY,
    spec: fields<NonNullable<DisruptionBudget['spec']>>({ selector, unhealthyPodEvictionPolicy: scalar }),
    status: fields<NonNullable<DisruptionBudget['status']>>({
      disruptionsAllowed: scalar,
      currentHealthy: scalar,
      desiredHealthy: scalar,
      expectedPods: scalar,
    }),
  }),
);

export const AUTOSCALERS = of<Autoscaler>(
  'autoscaling',
  'horizontalpodautoscalers',
  'HorizontalPodAutoscaler',
  fields<Autoscaler>({
    ...IDENTITY,
    spec: fields<NonNullable<Autoscaler['spec']>>({
      scaleTargetRef: fields({ kind: scalar, name: scalar }),
    }),
  }),
);

export const SERVICES: Listed<Service> = { ...ALL_OF_SERVICES, keep: fields<Service>(IDENTITY) };

export const NAMESPACES: Listed<Namespace> = {
  ...ALL_OF_NAMESPACES,
  keep: fields<Namespace>({ ...IDENTITY, status: fields({ phase: scalar }) }),
};

export const NODES: Listed<NodeWithInfo> = {
  ...ALL_OF_NODES,
  keep: fields<NodeWithInfo>({
    ...IDENTITY,
    spec: fields<NonNullable<Node['spec']>>({
      unschedulable: scalar,
      taints: list(MOST_TAINTS, fields({ key: scalar, effect: scalar, value: scalar })),
    }),
    status: fields<NonNullable<NodeWithInfo['status']>>({
      conditions: conditions('Ready'),
      nodeInfo: fields({ kubeletVersion: scalar }),
    }),
  }),
};

export const LIMIT_RANGES: Listed<LimitRange> = {
  ...ALL_OF_LIMIT_RANGES,
  keep: (range) => ({ ...fields<LimitRange>(IDENTITY)(range), spec: { limits: keptLimits(range) } }),
};

/** Which ones there are. */
export const CLUSTER_NAMES: Listed<Cluster> = { ...CLUSTERS, keep: fields<Cluster>(IDENTITY) };

export const BACKUPS: Listed<Backup> = {
  ...ALL_OF_BACKUPS,
  keep: fields<Backup>({
    ...IDENTITY,
    spec: fields<NonNullable<Backup['spec']>>({ cluster: fields({ name: scalar }) }),
    status: fields({ phase: scalar }),
  }),
};
