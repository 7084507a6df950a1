import { isReady } from '../../kubernetes/ready.ts';
import type { PodDetails } from '../cluster/pod-details.ts';
import { isOver, unreadyBecause } from '../cluster/pods.ts';
import { command } from '../text/command.ts';
import { someOf } from '../text/some.ts';
import { type Finding, problem, titleOf, warning } from './check.ts';

/** The kubelet’s reasons for an image that it does not have. */
const NO_IMAGE =
  /^(ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull|SignatureValidationFailed)$/;

export interface Advice {
  /** What to do about an image that cannot be pulled. */
  readonly image: string;
  /** What to do about a pod that no node takes. */
  readonly node: string;
}

/** Why these pods do not run. An image that several cannot pull is told once. */
export function unstarted(pods: readonly PodDetails[], advice: Advice): readonly Finding[] {
  const waiting = pods.filter((pod) => !isOver(pod) && !isReady(pod));
  const tell = pods.some(isReady) ? warning : problem;
  return [
    ...withoutImage(waiting, advice.image),
    ...waiting
      .filter(isUnschedulable)
      .map((pod) => tell(titleOf('Pod', pod), unreadyBecause(pod), advice.node)),
    ...waiting.filter((pod) => unpulledOf(pod) === undefined).flatMap(broken),
  ];
}

/** The images that these pods wait for, each told once; of one container, or of all. */
export function withoutImage(
  pods: readonly PodDetails[],
  action: string,
  container?: string,
): readonly Finding[] {
  const unpulled = pods.map((pod) => unpulledOf(pod, container)).filter((one) => one !== undefined);
  return [...Map.groupBy(unpulled, keyOf).values()].flatMap((alike) => notPulled(alike, action));
}

interface Unpulled {
  readonly pod: PodDetails;
  readonly image: string;
  readonly reason: string;
  /** In the words of the registry, as far as the kubelet passes them on. */
  readonly cause: string;
}

function unpulledOf(pod: PodDetails, container?: string): Unpulled | undefined {
  const { spec, status } = pod;
  const states = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const stuck = states.find(
    ({ name, state }) =>
      (container === undefined || name === container) && NO_IMAGE.test(state?.waiting?.reason ?? ''),
  );
  if (stuck === undefined) return undefined;
  const containers: readonly { readonly name: string; readonly image?: string }[] = [
    ...(spec?.initContainers ?? []),
    ...(spec?.containers ?? []),
  ];
  const image = containers.find(({ name }) => name === stuck.name)?.image ?? '?';
  const { reason = '', message = '' } = stuck.state?.waiting ?? {};
  return { pod, image, reason, cause: causeIn(message, image) };
}

/** Kubelet and container runtime say the image's name again for each step of the way, and why it failed behind the last one. */
function causeIn(message: string, image: string): string {
  const at = message.lastIndexOf(image);
  return at === -1 ? message : message.slice(at + image.length).replace(/^"?(: )?/, '');
}

function keyOf({ image, cause }: Unpulled): string {
  return JSON.stringify([image, cause]);
}

function notPulled(alike: readonly Unpulled[], action: string): readonly Finding[] {
  const [first] = alike;
  if (first === undefined) return [];
  const { image, reason, cause } = first;
  const names = alike.map(({ pod }) => `${pod.metadata.namespace}/${pod.metadata.name}`);
  const nodes = new Set(alike.map(({ pod }) => pod.spec?.nodeName ?? '?'));
  const who = `${names.length === 1 ? 'this pod does' : 'these pods do'} not start: ${someOf(names)}`;
  const why = [reason, cause].filter(Boolean).join(': ');
  return [
    problem(`Image ${image}`, `${someOf([...nodes].sort())} cannot pull it (${why}), so ${who}`, action),
  ];
}

function isUnschedulable({ status }: PodDetails): boolean {
  const { conditions = [] } = status ?? {};
  return conditions.some(({ type, status: value }) => type === 'PodScheduled' && value === 'False');
}

function broken(pod: PodDetails): readonly Finding[] {
  const why = unreadyBecause(pod);
  if (!/CrashLoopBackOff|CreateContainer|ended with/.test(why)) return [];
  const { namespace, name } = pod.metadata;
  const logs = command`kubectl -n ${namespace} logs ${name} --previous`;
  return [problem(titleOf('Pod', pod), `it does not run: ${why}`, logs ?? 'See its log.')];
}
