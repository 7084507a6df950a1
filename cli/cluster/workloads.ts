import type { KubeObject } from '../../kubernetes/api.ts';
import { cut } from '../../kubernetes/cut.ts';
import { type Condition, namespaced } from '../../kubernetes/resources.ts';
import type { Selector } from '../../kubernetes/selector.ts';
import { aloneBy, type Placed } from '../../webhook/inject/alone.ts';
import { conditions, fields, IDENTITY, type Keep, type Listed, list, marks, scalar } from './kept.ts';

type Amounts = Readonly<Record<string, string | number>>;

interface Container {
  readonly name: string;
  readonly restartPolicy?: string;
  readonly ports?: readonly { readonly hostPort?: number }[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly resources?: Resources;
}

interface Resources {
  readonly requests?: Amounts;
  readonly limits?: Amounts;
}

interface Template {
  readonly metadata?: Pick<KubeObject['metadata'], 'labels' | 'annotations'>;
  readonly spec?: {
    readonly containers?: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly resources?: Resources;
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly affinity?: NonNullable<Placed['spec']>['affinity'];
  };
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

/** Many times as many as a template has. */
const MOST_CONTAINERS = 32;
const MOST_SETTINGS = 16;

/** Longer than any amount, but the API server takes one of a megabyte. */
const LONGEST_AMOUNT = 64;

const amount: Keep<string | number> = (value) =>
  typeof value === 'string' ? cut(value, LONGEST_AMOUNT) : value;

/** Those that a sidecar has. */
const amounts: Keep<Amounts> = ({ cpu, memory }) => ({
  ...(cpu !== undefined && { cpu: amount(cpu) }),
  ...(memory !== undefined && { memory: amount(memory) }),
});

const resources = fields<Resources>({ requests: amounts, limits: amounts });

const container = fields<Container>({ name: scalar, restartPolicy: scalar, resources });
const initContainers = list(MOST_CONTAINERS, container);

const OUR_SETTINGS = /^(SIDECAR_|DRY_RUN$)/;

/** Of the first one also what our webhook is told of the sidecar, and whether our controller only tries. */
function containers(all: readonly Container[]): readonly Container[] {
  const [first, ...others] = initContainers(all);
  const env = all[0]?.env?.filter(({ name }) => OUR_SETTINGS.test(name)) ?? [];
  return first === undefined ? [] : [{ ...first, env: settings(env) }, ...others];
}

const settings = list(
  MOST_SETTINGS,
  fields<NonNullable<Container['env']>[number]>({ name: scalar, value: scalar }),
);

/** Says that an old pod and a new one cannot be on one node, instead of the ports or terms that do, which may be a megabyte. */
const ALONE = {
  podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: {} }] },
};

const keepTemplate = fields<Template>({
  metadata: marks,
  spec: fields<NonNullable<Template['spec']>>({ containers, initContainers, resources }),
});

function template(all: Template, namespace: string | undefined): Template {
  const kept = keepTemplate(all);
  return aloneBy(all, namespace) === undefined ? kept : { ...kept, spec: { ...kept.spec, affinity: ALONE } };
}

const strategy = fields<Strategy>({
  type: scalar,
  rollingUpdate: fields({ maxUnavailable: scalar, maxSurge: scalar, partition: scalar }),
});

const keepWorkload = fields<Workload>({
  ...IDENTITY,
  spec: fields<NonNullable<Workload['spec']>>({
    replicas: scalar,
    podManagementPolicy: scalar,
    strategy,
    updateStrategy: strategy,
  }),
  status: fields<NonNullable<Workload['status']>>({
    replicas: scalar,
    readyReplicas: scalar,
    updatedReplicas: scalar,
    availableReplicas: scalar,
    currentRevision: scalar,
    updateRevision: scalar,
    desiredNumberScheduled: scalar,
    updatedNumberScheduled: scalar,
    numberAvailable: scalar,
    conditions: conditions('Progressing', 'ReplicaFailure'),
  }),
});

function keep(workload: Workload): Workload {
  const kept = keepWorkload(workload);
  const { template: whole } = workload.spec ?? {};
  if (whole === undefined) return kept;
  return { ...kept, spec: { ...kept.spec, template: template(whole, workload.metadata.namespace) } };
}

function of(plural: string, kind: string): Listed<Workload> {
  return { ...namespaced('apps/v1', plural, kind), keep };
}

export const DEPLOYMENTS = of('deployments', 'Deployment');
export const STATEFUL_SETS = of('statefulsets', 'StatefulSet');
export const DAEMON_SETS = of('daemonsets', 'DaemonSet');
/** Those that have a rolling update. */
export const WORKLOADS: readonly Listed<Workload>[] = [DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS];

/** Why no pod of it can be created: Pod Security, a quota, or a policy that requires signed images. */
export function refusalOf({ status }: Workload): string | undefined {
  const failure = status?.conditions?.find(
    ({ type, status: value }) => type === 'ReplicaFailure' && value === 'True',
  );
  return failure && (failure.message || failure.reason);
}
