import { cut } from '../../kubernetes/cut.ts';
import { namespaced } from '../../kubernetes/resources.ts';
import { aloneBy, type Placed } from '../../webhook/inject/alone.ts';
import {
  amount,
  conditions,
  type Keep,
  type Listed,
  list,
  marks,
  named,
  number,
  object,
  shape,
  text,
} from './kept.ts';

/** Many times as many as a template has. */
const MOST_CONTAINERS = 32;
const MOST_SETTINGS = 16;

/** Longer than any amount, but the API server takes one of a megabyte. */
const LONGEST_AMOUNT = 64;

const quantity: Keep<string | number> = (value) =>
  typeof value === 'string' ? cut(value, LONGEST_AMOUNT) : value;

/** Those that a sidecar has. */
const amounts = shape({ cpu: quantity, memory: quantity });
const resources = shape({ requests: amounts, limits: amounts });
const settings = list(MOST_SETTINGS, named({ value: text }));

const container = named({ restartPolicy: text, resources });
type Container = ReturnType<typeof container> & { readonly env?: ReturnType<typeof settings> };
const initContainers = list(MOST_CONTAINERS, container);

const OUR_SETTINGS = /^(SIDECAR_|DRY_RUN$)/;

/** Of the first one also what our webhook is told of the sidecar, and whether our controller only tries. */
function containers(all: readonly Container[]): readonly Container[] {
  const [first, ...others] = initContainers(all);
  const env = all[0]?.env?.filter(({ name }) => OUR_SETTINGS.test(name)) ?? [];
  return first === undefined ? [] : [{ ...first, env: settings(env) }, ...others];
}

/** Says that an old pod and a new one cannot be on one node, instead of the ports or terms that do, which may be a megabyte. */
const ALONE = {
  podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: {} }] },
};

/** Instead of it there is {@link ALONE}. */
const leftOut = (): Affinity => undefined;

const keepTemplate = shape({
  metadata: marks,
  spec: shape({ containers, initContainers, resources, affinity: leftOut }),
});
type Affinity = NonNullable<Placed['spec']>['affinity'];

const strategy = shape({
  type: text,
  rollingUpdate: shape({ maxUnavailable: amount, maxSurge: amount, partition: number }),
});

const keepWorkload = object({
  spec: shape({
    replicas: number,
    podManagementPolicy: text,
    /** Of a Deployment. */
    strategy,
    /** Of the two others. */
    updateStrategy: strategy,
    template: keepTemplate,
  }),
  status: shape({
    replicas: number,
    readyReplicas: number,
    updatedReplicas: number,
    availableReplicas: number,
    currentRevision: text,
    updateRevision: text,
    /** Of a DaemonSet. */
    desiredNumberScheduled: number,
    updatedNumberScheduled: number,
    numberAvailable: number,
    conditions: conditions('Progressing', 'ReplicaFailure'),
  }),
});

/** A Deployment, StatefulSet or DaemonSet. */
export type Workload = ReturnType<typeof keepWorkload>;

function keep(workload: Workload): Workload {
  const kept = keepWorkload(workload);
  if (aloneBy(workload.spec?.template, workload.metadata.namespace) === undefined) return kept;
  const template = kept.spec?.template;
  return {
    ...kept,
    spec: { ...kept.spec, template: { ...template, spec: { ...template?.spec, affinity: ALONE } } },
  };
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
