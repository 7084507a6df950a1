import type { KubeObject, Resource } from '../../kubernetes/api.ts';
import type { Condition } from '../../kubernetes/resources.ts';
import type { Selector } from '../../kubernetes/selector.ts';
import type { Placed } from '../../webhook/inject/alone.ts';

interface Template {
  readonly metadata?: Pick<KubeObject['metadata'], 'labels' | 'annotations'>;
  readonly spec?: {
    readonly containers?: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly affinity?: NonNullable<Placed['spec']>['affinity'];
  };
}

interface Container {
  readonly name: string;
  readonly restartPolicy?: string;
  readonly ports?: readonly { readonly hostPort?: number }[];
}

interface Strategy {
  readonly type?: string;
  readonly rollingUpdate?: {
    readonly maxUnavailable?: number | string;
    readonly maxSurge?: number | string;
    readonly partition?: number;
  };
}

/** A Deployment, StatefulSet or DaemonSet. */
export interface Workload extends KubeObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly podManagementPolicy?: string;
    /** Of a Deployment. */
    readonly strategy?: Strategy;
    /** Of the two others. */
    readonly updateStrategy?: Strategy;
    readonly selector?: Selector;
    readonly template?: Template;
  };
  readonly status?: {
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly currentRevision?: string;
    readonly updateRevision?: string;
    /** Of a DaemonSet. */
    readonly desiredNumberScheduled?: number;
    readonly updatedNumberScheduled?: number;
    readonly numberAvailable?: number;
    readonly conditions?: readonly Condition[];
  };
}

/** A Job; the template of a CronJob is one further in. */
export interface Job extends KubeObject {
  readonly spec?: {
    readonly template?: Template;
    readonly jobTemplate?: { readonly spec?: { readonly template?: Template } };
  };
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

function of<T extends KubeObject>(group: string, plural: string, kind: string): Resource<T> {
  return { group, version: group === 'autoscaling' ? 'v2' : 'v1', plural, kind, namespaced: true };
}

export const DEPLOYMENTS = of<Workload>('apps', 'deployments', 'Deployment');
export const STATEFUL_SETS = of<Workload>('apps', 'statefulsets', 'StatefulSet');
export const DAEMON_SETS = of<Workload>('apps', 'daemonsets', 'DaemonSet');
/** Those that have a rolling update. */
export const WORKLOADS: readonly Resource<Workload>[] = [DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS];
export const JOBS = of<Job>('batch', 'jobs', 'Job');
export const CRON_JOBS = of<Job>('batch', 'cronjobs', 'CronJob');
export const DISRUPTION_BUDGETS = of<DisruptionBudget>(
  'policy',
  'poddisruptionbudgets',
  'PodDisruptionBudget',
);
export const AUTOSCALERS = of<Autoscaler>(
  'autoscaling',
  'horizontalpodautoscalers',
  'HorizontalPodAutoscaler',
);
