/** Evaluates a LimitRange for the sidecar, as the API server does for a new pod (plugin/pkg/admission/limitranger). */
import { ANNOTATIONS } from '../../contract/names.ts';
import type { SidecarResources } from '../injector-config.ts';
import { exceeds, LOWEST, readQuantity } from './quantity.ts';
import { defaultResources } from './resources.ts';
import { readSettings } from './settings.ts';
import type { Container, Pod } from './shape.ts';

type Amounts = Readonly<Record<string, string>>;

/** One item of a LimitRange. */
export interface Limit {
  readonly type: string;
  readonly min?: Amounts;
  readonly max?: Amounts;
  readonly default?: Amounts;
  readonly defaultRequest?: Amounts;
  readonly maxLimitRequestRatio?: Amounts;
}

export interface LimitViolation {
  /** What the API server refuses; one sentence without a full stop. */
  readonly text: string;
  readonly action: string;
}

const SORTS = ['cpu', 'memory'] as const;
type Sort = (typeof SORTS)[number];

const OF = {
  cpu: {
    request: 'cpuRequest',
    limit: 'cpuLimit',
    requestAnnotation: ANNOTATIONS.cpuRequest,
    limitAnnotation: ANNOTATIONS.cpuLimit,
    write: (cores: number) => `${Math.ceil(cores * 1_000)}m`,
  },
  memory: {
    request: 'memoryRequest',
    limit: 'memoryLimit',
    requestAnnotation: ANNOTATIONS.memoryRequest,
    limitAnnotation: ANNOTATIONS.memoryLimit,
    write: (bytes: number) => `${Math.ceil(bytes / 2 ** 20)}Mi`,
  },
} as const;

/** Why a pod would be refused with the sidecar, and which annotation helps; `usual` are the default resources. */
export function podLimitViolations(
  pod: Pod,
  usual: SidecarResources,
  limits: readonly Limit[],
): LimitViolation[] {
  if (limits.length === 0) return [];
  const own = defaultResources(pod, usual);
  const { resources } = readSettings(pod.metadata?.annotations ?? {}, own).settings;
  // Resources of the pod as a whole count instead of those of its containers.
  const isStated = pod.spec.resources !== null && pod.spec.resources !== undefined;
  const beside = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return limitViolations(resources, isStated ? limits.filter(({ type }) => type !== 'Pod') : limits, [
    ...(pod.spec.containers ?? []),
    ...beside,
  ]);
}

/** The same as warnings. */
export function limitWarnings(pod: Pod, usual: SidecarResources, limits: readonly Limit[]): string[] {
  return podLimitViolations(pod, usual, limits).map(
    ({ text, action }) => `a LimitRange refuses such a pod: ${text}. ${action}`,
  );
}

/** Why a pod with these containers and a sidecar with these resources would be refused, and which annotation helps. */
export function limitViolations(
  resources: SidecarResources,
  limits: readonly Limit[],
  containers: readonly Container[] = [],
): LimitViolation[] {
  const ofContainers = limits.filter(({ type }) => type === 'Container');
  const ofPods = limits.filter(({ type }) => type === 'Pod');
  return SORTS.flatMap((sort) => {
    const usual = ofContainers.map((item) => item.default?.[sort]).find(Boolean);
    const usualRequest = ofContainers.map((item) => item.defaultRequest?.[sort]).find(Boolean);
    const limit = resources[OF[sort].limit] ?? usual;
    const request = resources[OF[sort].request] ?? usualRequest ?? limit;
    const own = { request, limit };
    const others = containers.map(({ resources: of }) => of?.limits?.[sort]?.toString() ?? usual);
    const otherRequests = containers.map(
      ({ resources: of }) =>
        (of?.requests?.[sort] ?? of?.limits?.[sort])?.toString() ?? usualRequest ?? usual,
    );
    const together = sum([limit, ...others]);
    const beside = { requests: sum(otherRequests), limits: sum(others) };
    return [
      ...ofContainers.flatMap((item) => violationsOf(sort, item, own)),
      ...ofPods.flatMap((item) => abovePod(sort, item, together)),
      ...ofPods.flatMap((item) => beyondPodRatio(sort, item, own, beside)),
    ];
  });
}

/** Of the sidecar. */
interface OwnAmounts {
  readonly request: string | undefined;
  readonly limit: string | undefined;
}

function violationsOf(sort: Sort, item: Limit, own: OwnAmounts): LimitViolation[] {
  const { request, limit } = own;
  const { requestAnnotation, limitAnnotation } = OF[sort];
  const [min, max] = [item.min?.[sort], item.max?.[sort]];
  if (exceeds(min, request)) {
    const text = `the sidecar requests ${sort} of ${request}, and the least that a container may is ${min}`;
    const raise = exceeds(min, limit) ? ` and ${limitAnnotation}: ${min}` : '';
    return [{ text, action: setOnPods(requestAnnotation, `${min}${raise}`) }];
  }
  if (exceeds(min, limit)) {
    const text = `the sidecar has a limit for ${sort} of ${limit}, and the least that a container may have is ${min}`;
    return [{ text, action: setOnPods(limitAnnotation, min) }];
  }
  if (exceeds(limit, max)) {
    const text = `the sidecar has a limit for ${sort} of ${limit}, and the most that a container may have is ${max}`;
    const lowest = LOWEST[OF[sort].limit];
    const action = exceeds(lowest, max)
      ? `The sidecar needs at least ${lowest}: allow more in the LimitRange.`
      : setOnPods(limitAnnotation, max);
    return [{ text, action }];
  }
  return beyondRatio(sort, item.maxLimitRequestRatio?.[sort], own);
}

function setOnPods(annotation: string, value: string | undefined): string {
  return `Set the annotation ${annotation}: ${value} on the pods.`;
}

function beyondRatio(sort: Sort, most: string | undefined, { request, limit }: OwnAmounts): LimitViolation[] {
  const [ratio, low, high] = [most, request, limit].map((text) => readQuantity(text ?? ''));
  if (ratio === undefined) return [];
  if (high === undefined) {
    const text = `the sidecar has no limit for ${sort}, and a container has to have one of at most ${most} times its request`;
    return [{ text, action: `Set the annotation ${OF[sort].limitAnnotation} on the pods.` }];
  }
  if (low !== undefined && low !== 0 && high / low <= ratio) return [];
  const text = `the sidecar requests ${sort} of ${request} and has a limit of ${limit}, and that may be at most ${most} times as much`;
  return [{ text, action: setOnPods(OF[sort].requestAnnotation, OF[sort].write(high / ratio)) }];
}

/** For a pod, the limits of all containers that run beside each other, with the defaults of the namespace. */
function abovePod(sort: Sort, { max }: Limit, all: number): LimitViolation[] {
  const most = readQuantity(max?.[sort] ?? '');
  if (most === undefined || all <= most) return [];
  const text = `with the sidecar the containers of a pod have limits for ${sort} of ${OF[sort].write(all)} together, and they may have ${max?.[sort]}`;
  return [{ text, action: 'Lower those of the other containers, or allow more in the LimitRange.' }];
}

/** The ratio of a whole pod, whose other containers are within it. */
function beyondPodRatio(
  sort: Sort,
  { maxLimitRequestRatio }: Limit,
  own: OwnAmounts,
  { requests, limits }: Readonly<Record<'requests' | 'limits', number>>,
): LimitViolation[] {
  const most = maxLimitRequestRatio?.[sort];
  const ratio = readQuantity(most ?? '');
  const [low, high] = [sum([own.request]), sum([own.limit])];
  if (ratio === undefined || limits > ratio * requests || high + limits <= ratio * (low + requests))
    return [];
  const [had, has] = [limits, limits + high].map((amount) => OF[sort].write(amount));
  const text = `with the sidecar the limits for ${sort} of a pod go from ${had} to ${has}, and may be at most ${most} times the requests`;
  return [{ text, action: setOnPods(OF[sort].requestAnnotation, OF[sort].write(high / ratio)) }];
}

function sum(amounts: readonly (string | undefined)[]): number {
  return amounts.reduce((total, amount) => total + (readQuantity(amount ?? '') ?? 0), 0);
}
