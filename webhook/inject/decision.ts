import { databaseMember } from '../../contract/databases.ts';
import { FOLLOWED, type FollowedPods, isFollowed } from '../../contract/followed.ts';
import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { SIDECAR_CONTAINER, SIDECAR_ENV } from '../../contract/sidecar.ts';
import { shown } from '../../kubernetes/cut.ts';
import { STATUS_VOLUME, TOKEN_VOLUME } from './container.ts';
import { type InjectLabel, readLabel } from './label.ts';
import type { Metadata, Pod, ReadonlyDeep } from './shape.ts';
import { isForWindows } from './windows.ts';

type Looked =
  | 'hostNetwork'
  | 'os'
  | 'nodeSelector'
  | 'affinity'
  | 'containers'
  | 'initContainers'
  | 'volumes';

/** The part of a pod that decides on injection; it may be new, or one of the API server. */
export interface AskingPod {
  readonly metadata?:
    | ReadonlyDeep<Pick<Metadata, 'name' | 'labels' | 'annotations' | 'ownerReferences'>>
    | null
    | undefined;
  readonly spec?: ReadonlyDeep<Pick<Pod['spec'], Looked>>;
}

/** Where a pod is, or will be. */
export interface PodContext {
  /** Empty where a manifest has none. */
  readonly namespace: string;
  /** Whether the namespace asks for injection. */
  readonly namespaceAsks: boolean;
  /** The followed pods, as far as they are known. */
  readonly followed?: readonly FollowedPods[];
  /** The owners of the workload, where the pod is a template. */
  readonly owners?: Metadata['ownerReferences'];
}

const SKIP_REASONS = [
  'not-asked',
  'disabled',
  'database-member',
  'already-injected',
  'excluded-namespace',
  'mirror-pod',
  'host-network',
  'windows',
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/** Whether the pod is as its user asked, so that nobody has to be told. */
export function isAsAsked(reason: SkipReason): boolean {
  return reason === 'not-asked' || reason === 'disabled' || reason === 'already-injected';
}

export type Decision =
  | { readonly kind: 'inject'; readonly askedBy: 'pod' | 'namespace' }
  | { readonly kind: 'skip'; readonly reason: SkipReason; readonly message: string }
  | { readonly kind: 'deny'; readonly problem: string };

/** Each continues “no sidecar:”. */
export const SKIP_MESSAGES: Readonly<Record<Exclude<SkipReason, 'database-member'>, string>> = {
  'not-asked': 'neither the pod nor its namespace asks for injection',
  disabled: `the pod has the label ${LABELS.inject}=false`,
  'already-injected': 'the sidecar is in the pod already, or was in the one that it is a copy of',
  'excluded-namespace': 'nothing is injected in kube-system and in the namespace of the controller',
  'mirror-pod': 'a static pod cannot be changed by the API server',
  'host-network': 'pods with hostNetwork share the ports of their node, so the sidecar cannot run in them',
  windows: 'the sidecar runs on Linux only',
};

/** The warning for the creator of a pod that asks and is skipped. */
export const notInjected = (message: string) => `no sidecar: ${message}`;

/** The annotation of a mirror pod, by which the kubelet reports a static pod. */
export const MIRROR = 'kubernetes.io/config.mirror';

/** Whether `pod` gets the sidecar. */
export function decide(pod: AskingPod, context: PodContext, controllerNamespace: string): Decision {
  const label = readLabel(pod.metadata?.labels);
  const reason = skipReason(pod, label, context, controllerNamespace);
  if (reason !== undefined) return { kind: 'skip', reason, message: messageOf(reason, pod, context) };
  if (label === 'unclear') {
    const value = shown(pod.metadata?.labels?.[LABELS.inject] ?? '');
    return { kind: 'deny', problem: invalidLabel(value) };
  }
  return { kind: 'inject', askedBy: label === 'yes' ? 'pod' : 'namespace' };
}

export const invalidLabel = (value: string) => `label ${LABELS.inject}: "${value}" must be "true" or "false"`;

function messageOf(reason: SkipReason, pod: AskingPod, context: PodContext): string {
  if (reason !== 'database-member') return SKIP_MESSAGES[reason];
  return `it is ${memberOf(pod, context)}`;
}

/** What the pod is to a database or to what is followed, and why it must not wait for a site; undefined: nothing. */
export function memberOf(
  pod: AskingPod,
  { namespace, followed = [], owners }: Pick<PodContext, 'namespace' | 'followed' | 'owners'>,
): string | undefined {
  const isOne = () => followed.some((pods) => isFollowed(pod, namespace, pods));
  return databaseMember(pod, owners) ?? (isOne() ? FOLLOWED : undefined);
}

function skipReason(
  pod: AskingPod,
  label: InjectLabel,
  context: PodContext,
  controllerNamespace: string,
): SkipReason | undefined {
  const { namespace, namespaceAsks } = context;
  if (label === 'no') return 'disabled';
  if (label === 'unsaid' && !namespaceAsks) return 'not-asked';
  if (memberOf(pod, context) !== undefined) return 'database-member';
  if (isInjected(pod) || isCopyWithoutSidecar(pod)) return 'already-injected';
  if (namespace === 'kube-system' || namespace === controllerNamespace) return 'excluded-namespace';
  if (pod.metadata?.annotations?.[MIRROR] !== undefined) return 'mirror-pod';
  if (pod.spec?.hostNetwork === true) return 'host-network';
  if (pod.spec !== undefined && isForWindows(pod.spec)) return 'windows';
  return undefined;
}

/** Whether a pod that asks for the sidecar, itself or by its namespace, runs without. */
export function isMissed(
  pod: AskingPod & { readonly metadata: { readonly namespace?: string } },
  controllerNamespace: string,
  followed: readonly FollowedPods[] = [],
): boolean {
  const context = { namespace: pod.metadata.namespace ?? '', namespaceAsks: true, followed };
  return decide(pod, context, controllerNamespace).kind !== 'skip';
}

/**
 * The container has to be there, and the annotation or a variable that only our sidecar has: `kubectl debug --copy-to`
 * leaves out labels and annotations, and the annotation alone may be a copy from another pod.
 */
export function isInjected(pod: AskingPod): boolean {
  const sidecar = pod.spec?.initContainers?.find(({ name }) => name === SIDECAR_CONTAINER);
  if (sidecar === undefined) return false;
  const isMarked = pod.metadata?.annotations?.[ANNOTATIONS.status] === INJECTED;
  return isMarked || sidecar.env?.some(({ name }) => name === SIDECAR_ENV.configMap) === true;
}

/** `kubectl debug --copy-to --keep-init-containers=false` keeps the volumes of the sidecar. */
function isCopyWithoutSidecar({ spec }: AskingPod): boolean {
  const has = (volume: string) => spec?.volumes?.some(({ name }) => name === volume) === true;
  const isThere = spec?.initContainers?.some(({ name }) => name === SIDECAR_CONTAINER) === true;
  return !isThere && has(TOKEN_VOLUME) && has(STATUS_VOLUME);
}

/** The value of the annotation of an injected pod. */
export const INJECTED = 'injected';
