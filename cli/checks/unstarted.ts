import { isReady } from '../../kubernetes/ready.ts';
import type { PodDetails } from '../cluster/pod-details.ts';
import { isOver, unreadyBecause } from '../cluster/pods.ts';
import { type Unpulled, unpulledOf, whyUnpulled } from '../cluster/unpulled.ts';
import { command } from '../text/command.ts';
import { someOf } from '../text/some.ts';
import { type Finding, problem, titleOf, warning } from './check.ts';

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
  const waiting = pods.flatMap((pod): Waiting[] => {
    const unpulled = unpulledOf(pod, container);
    return unpulled === undefined ? [] : [{ ...unpulled, pod }];
  });
  return [...Map.groupBy(waiting, keyOf).values()].flatMap((alike) => notPulled(alike, action));
}

interface Waiting extends Unpulled {
  readonly pod: PodDetails;
}

function keyOf({ image, cause }: Unpulled): string {
  return JSON.stringify([image, cause]);
}

function notPulled(alike: readonly Waiting[], action: string): readonly Finding[] {
  const [first] = alike;
  if (first === undefined) return [];
  const { image } = first;
  const names = alike.map(({ pod }) => `${pod.metadata.namespace}/${pod.metadata.name}`);
  const nodes = new Set(alike.map(({ pod }) => pod.spec?.nodeName ?? '?'));
  const who = `${names.length === 1 ? 'this pod does' : 'these pods do'} not start: ${someOf(names)}`;
  const why = whyUnpulled(first);
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
