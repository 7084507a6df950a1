import { followerOf } from '../../contract/names.ts';
import type { Gate } from '../../contract/sidecar.ts';
import { siteOfNode } from '../../contract/status.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import { isReady } from '../../kubernetes/ready.ts';
import { decide, isInjected, memberOf } from '../../webhook/inject/decision.ts';
import { labelOrigin, readLabel } from '../../webhook/inject/label.ts';
import { misspeltAnnotations } from '../../webhook/inject/suggest.ts';
import type { Published } from '../cluster/followers.ts';
import type { PodDetails } from '../cluster/pod-details.ts';
import { gateOf, unreadyBecause } from '../cluster/pods.ts';
import { type AdmissionPolicy, leavesAlone, missedWhen } from '../cluster/policies.ts';
import { followedBy } from '../cluster/subject.ts';

/** What `explain -o json` prints. */
export interface ExplainView {
  readonly namespace: string;
  readonly pod: string;
  readonly injection: {
    readonly injected: boolean;
    /** Why, in a sentence. */
    readonly why: string;
    /** Whether that is what the pod asks for. */
    readonly asAsked: boolean;
  };
  readonly readiness: {
    readonly ready: boolean;
    /** Null where there is no sidecar. */
    readonly gate: Gate | null;
    readonly follower: string;
    /** Empty: it has no node, or its node is in no site. */
    readonly site: string;
    readonly activeSite: string;
    readonly why: string;
    /** Whether that is how it should be. */
    readonly asExpected: boolean;
  };
  /** Possible mistakes. */
  readonly hints: readonly string[];
}

export interface Subject {
  readonly pod: PodDetails;
  readonly namespace: KubeObject | undefined;
  readonly controllerNamespace: string;
  readonly followers: readonly Published[];
  /** The policy by which the API server injects; undefined: the webhook does. */
  readonly policy?: AdmissionPolicy | undefined;
}

export function explainPod(subject: Subject): ExplainView {
  const { pod } = subject;
  const { namespace = '', name } = pod.metadata;
  return {
    namespace,
    pod: name,
    injection: injectionOf(subject),
    readiness: readinessOf(subject),
    hints: misspeltAnnotations(pod.metadata.annotations ?? {}),
  };
}

const ASKED = {
  user: 'its own label asks for it',
  workload: 'the label of its workload asks for it',
  namespace: 'the label of its namespace asks for it',
  nobody: 'it was injected offline, or is a copy of a pod that has it',
} as const;

function injectionOf({
  pod,
  namespace,
  controllerNamespace,
  followers,
  policy,
}: Subject): ExplainView['injection'] {
  const followed = followedBy(followers);
  const place = { namespace: pod.metadata.namespace ?? '', followed };
  const member = memberOf(pod, place);
  if (isInjected(pod) && member !== undefined) {
    const why = `an older version put it in, though it is ${member}; delete it when its cluster is healthy, and its successor has none`;
    return { injected: true, why, asAsked: false };
  }
  if (isInjected(pod)) {
    return { injected: true, why: ASKED[labelOrigin(pod.metadata)], asAsked: true };
  }
  const namespaceAsks = readLabel(namespace?.metadata.labels) === 'yes';
  const context = { ...place, namespaceAsks };
  const decision = decide(pod, context, controllerNamespace);
  switch (decision.kind) {
    case 'skip':
      return { injected: false, why: decision.message, asAsked: true };
    case 'deny':
      return { injected: false, why: decision.problem, asAsked: false };
    case 'inject': {
      const by =
        decision.askedBy === 'pod' ? 'it asks for the sidecar' : 'its namespace asks for the sidecar';
      if (policy !== undefined && leavesAlone(policy, place.namespace)) {
        const why = `${by}, but policies inject nothing in namespace ${place.namespace}: they cannot tell which pods are followed there, as the webhook can`;
        return { injected: false, why, asAsked: false };
      }
      const why = `${by}, but it was created before that, or ${missedWhen(policy)}; its successor gets it`;
      return { injected: false, why, asAsked: false };
    }
  }
}

function readinessOf({ pod, followers }: Subject): ExplainView['readiness'] {
  const follower = followerOf(pod.metadata);
  const status = followers.find((one) => one.follower === follower)?.status;
  const node = pod.spec?.nodeName ?? '';
  const site = siteOfNode(status?.sites ?? {}, node);
  const gate = isInjected(pod) ? gateOf(pod) : null;
  const ready = isReady(pod);
  const activeSite = status?.activeSite ?? '';
  const facts = { ready, gate, follower, site, activeSite };
  if (gate === null || gate === 'none') {
    const why = ready ? 'it has no gate of ours' : unreadyBecause(pod);
    return { ...facts, why, asExpected: ready };
  }
  if (status === undefined) {
    return {
      ...facts,
      why: `it listens to follower ${follower}, which publishes no status`,
      asExpected: false,
    };
  }
  if (node === '') return { ...facts, why: unreadyBecause(pod), asExpected: false };
  if (site === '')
    return { ...facts, why: `its node ${node} is in no site, so it counts as standby`, asExpected: false };
  if (activeSite === '') {
    const why = `no site is active yet, so it counts as standby: ${status.reason || 'the status gives no reason'}`;
    return { ...facts, why, asExpected: false };
  }
  if (site !== activeSite) {
    const why = ready
      ? `it should be standby, as ${activeSite} is active and it is in ${site}, but it still takes traffic: its sidecar may not have the change yet, or not reach the API server`
      : `it is standby on purpose: ${activeSite} is active, and it is in ${site}`;
    return { ...facts, why, asExpected: !ready };
  }
  return { ...facts, why: ready ? `its site ${site} is active` : unreadyBecause(pod), asExpected: ready };
}
