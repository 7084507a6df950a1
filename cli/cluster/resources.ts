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
import {
  conditions,
  flag,
  type Keep,
  type Listed,
  labels,
  list,
  listed,
  marks,
  number,
  object,
  shape,
  text,
} from './kept.ts';

type Taint = NonNullable<NonNullable<Node['spec']>['taints']>[number];

function of<T extends KubeObject>(group: string, plural: string, kind: string, keep: Keep<T>): Listed<T> {
  return { group, version: group === 'autoscaling' ? 'v2' : 'v1', plural, kind, namespaced: true, keep };
}

const template = shape({ metadata: marks });
/** A Job; the template of a CronJob is one further in. */
const keepJob = object({
  spec: shape({ template, jobTemplate: shape({ spec: shape({ template }) }) }),
});
export type Job = ReturnType<typeof keepJob>;
export const JOBS = of('batch', 'jobs', 'Job', keepJob);
export const CRON_JOBS = of('batch', 'cronjobs', 'CronJob', keepJob);

/** Many times as many as a selector has. */
const MOST_EXPRESSIONS = 16;
const MOST_VALUES = 32;
const MOST_TAINTS = 64;

type Expression = NonNullable<Selector['matchExpressions']>[number];

const selector = shape({
  matchLabels: labels,
  matchExpressions: list(
    MOST_EXPRESSIONS,
    shape({ key: text, operator: text, values: list(MOST_VALUES, text) }) as Keep<Expression>,
  ),
});

export const DISRUPTION_BUDGETS = of(
  'policy',
  'poddisruptionbudgets',
  'PodDisruptionBudget',
  object({
    spec: shape({ selector, unhealthyPodEvictionPolicy: text }),
    status: shape({
      disruptionsAllowed: number,
      currentHealthy: number,
      desiredHealthy: number,
      expectedPods: number,
    }),
  }),
);

export const AUTOSCALERS = of(
  'autoscaling',
  'horizontalpodautoscalers',
  'HorizontalPodAutoscaler',
  object({ spec: shape({ scaleTargetRef: shape({ kind: text, name: text }) }) }),
);

export const SERVICES: Listed<Service> = { ...ALL_OF_SERVICES, keep: object({}) };

export const NAMESPACES = listed(ALL_OF_NAMESPACES, object({ status: shape({ phase: text }) }));

export const NODES = listed(
  ALL_OF_NODES,
  object({
    spec: shape({
      unschedulable: flag,
      taints: list(MOST_TAINTS, shape({ key: text, effect: text, value: text }) as Keep<Taint>),
    }),
    status: shape({ conditions: conditions('Ready'), nodeInfo: shape({ kubeletVersion: text }) }),
  }),
);

export const LIMIT_RANGES: Listed<LimitRange> = {
  ...ALL_OF_LIMIT_RANGES,
  keep: (range) => ({ ...object({})(range), spec: { limits: keptLimits(range) } }),
};

/** Which ones there are. */
export const CLUSTER_NAMES: Listed<Cluster> = { ...CLUSTERS, keep: object({}) };

export const BACKUPS: Listed<Backup> = listed(
  ALL_OF_BACKUPS,
  object({ spec: shape({ cluster: shape({ name: text }) }), status: shape({ phase: text }) }),
);
