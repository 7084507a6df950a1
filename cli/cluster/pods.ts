import { databaseMember } from '../../contract/databases.ts';
import { ANNOTATIONS } from '../../contract/names.ts';
import { GATES, type Gate } from '../../contract/sidecar.ts';
import { cut } from '../../kubernetes/cut.ts';
import { hasEnded, readyCondition } from '../../kubernetes/ready.ts';
import { isInjected } from '../../webhook/inject/decision.ts';
import type { PodDetails } from './pod-details.ts';
import { unpulledOf, whyUnpulled } from './unpulled.ts';

/** It has ended or is being deleted. */
export function isOver(pod: PodDetails): boolean {
  return hasEnded(pod) || pod.metadata.deletionTimestamp !== undefined;
}

export function gateOf({ metadata }: PodDetails): Gate {
  return GATES.find((gate) => gate === metadata.annotations?.[ANNOTATIONS.gate]) ?? 'readiness';
}

/** Whether its readiness depends on the active site. */
export function isGated(pod: PodDetails): boolean {
  return isInjected(pod) && gateOf(pod) !== 'none' && databaseMember(pod) === undefined;
}

/** The workload that users know: the Deployment rather than its ReplicaSet. */
export function workloadOf({ metadata }: PodDetails): { readonly kind: string; readonly name: string } {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined) return { kind: 'Pod', name: metadata.name };
  const hash = metadata.labels?.['pod-template-hash'];
  if (owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`)) {
    return { kind: 'Deployment', name: owner.name.slice(0, -hash.length - 1) };
  }
  return { kind: owner.kind, name: owner.name };
}

/** A kubelet's message has the text of others in it, as long as they make it. */
const LONGEST_REASON = 1_024;

/** The first reason why it is not ready, in a few words. */
export function unreadyBecause(pod: PodDetails): string {
  return cut(reasonOf(pod), LONGEST_REASON);
}

function reasonOf(pod: PodDetails): string {
  const { spec, status } = pod;
  if (spec?.nodeName === undefined || spec.nodeName === '') {
    const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
    return `it has no node${scheduled?.message ? `: ${scheduled.message}` : ''}`;
  }
  const unpulled = unpulledOf(pod);
  if (unpulled !== undefined) {
    const { container, image } = unpulled;
    return `container ${container} has no image: ${image} cannot be pulled (${whyUnpulled(unpulled)})`;
  }
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  for (const { name, state } of containers) {
    const { waiting, terminated } = state ?? {};
    if (waiting?.reason !== undefined && waiting.reason !== 'PodInitializing') {
      return `container ${name}: ${[waiting.reason, waiting.message].filter(Boolean).join(': ')}`;
    }
    if (terminated !== undefined && terminated.exitCode !== 0) {
      return `container ${name} ended with ${terminated.exitCode ?? '?'}`;
    }
  }
  const unready = containers.filter(({ ready }) => ready === false).map(({ name }) => name);
  if (unready.length > 0) return `not ready: ${unready.join(', ')}`;
  return readyCondition(pod)?.message || 'its kubelet has not said why';
}
