/**
 * Which pods a follower's own configuration makes members of what it follows, where no operator's label tells it. The
 * controller tells in its report what it follows, and the chart tells the webhook: texts both, as here.
 */

import { TAKES_OVER } from './databases.ts';

type Labels = Readonly<Record<string, string>>;

/** What is followed, as the report has it: the trigger's kind, and those of its settings that tell its pods. */
export interface FollowedSubject {
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly preset?: string | undefined;
  readonly cluster?: string | undefined;
  /** Of a MongoDB replica set: addresses, with commas between them. */
  readonly members?: string | undefined;
}

/** The pods that one follower follows. */
export interface FollowedPods {
  readonly namespace: string;
  /** Members have these labels. */
  readonly labels: Labels | undefined;
  /** Names of members. */
  readonly names: readonly string[];
  /** The name of the primary; empty where it is not known. Pods of its workload are members. */
  readonly primary: string;
}

/** By the preset of a `pod-label` trigger: what all members of a cluster have in common. */
export const MEMBER_LABELS = {
  patroni: (cluster: string) => ({ 'cluster-name': cluster }),
  zalando: (cluster: string) => ({ application: 'spilo', 'cluster-name': cluster }),
  crunchy: (cluster: string) => ({ 'postgres-operator.crunchydata.com/cluster': cluster }),
  stackgres: (cluster: string) => ({ 'stackgres.io/cluster': 'true', 'stackgres.io/cluster-name': cluster }),
} as const satisfies Readonly<Record<string, (cluster: string) => Labels>>;

/**
 * Kinds that follow no pods, or pods that an operator's labels tell, which databaseMember knows. All others follow pods: one
 * that is not known here must not get a sidecar into its own database.
 */
export const WITHOUT_PODS: readonly string[] = ['cnpg', 'cnpg-topology', 'node-status', 'manual'];

/** Besides these, nothing but the name of the primary tells the pods, unless a preset or a list of members does. */
export const NOT_BY_PRIMARY: readonly string[] = [...WITHOUT_PODS, 'mongodb'];

export function isKnownByPrimaryAlone({ kind, preset = '', members = '' }: FollowedSubject): boolean {
  return !NOT_BY_PRIMARY.includes(kind) && !Object.hasOwn(MEMBER_LABELS, preset) && members === '';
}

/** Undefined where no pods are followed. */
export function followedPods(subject: FollowedSubject, primary: string): FollowedPods | undefined {
  const { kind, namespace = '', preset = '', cluster = '', members = '' } = subject;
  if (WITHOUT_PODS.includes(kind) || namespace === '') return undefined;
  const labels = Object.hasOwn(MEMBER_LABELS, preset)
    ? MEMBER_LABELS[preset as keyof typeof MEMBER_LABELS](cluster)
    : undefined;
  // The first label of a member's host is the name of its pod.
  const names = members.split(',').flatMap((address) => /^[^.:]+/.exec(address.trim())?.[0] ?? []);
  return { namespace, labels, names, primary };
}

/** As what databaseMember says. */
export const FOLLOWED = `a member of what is followed, ${TAKES_OVER}`;

/** A pod, or one that is about to be made. */
export interface FollowedCandidate {
  readonly metadata?:
    | {
        readonly name?: string | null | undefined;
        readonly labels?: Labels | null | undefined;
        readonly ownerReferences?:
          | readonly { readonly name: string; readonly controller?: boolean | null | undefined }[]
          | null
          | undefined;
      }
    | null
    | undefined;
}

const TEMPLATE_HASH = 'pod-template-hash';
/** Longer than the name of any object, and so of none. */
const MAX_NAME = 253;

/** As much of a pod's metadata as {@link isFollowed} looks at: anybody may give one a megabyte of labels and owners. */
export function followedCandidate({
  name,
  labels,
  ownerReferences,
}: NonNullable<FollowedCandidate['metadata']>): NonNullable<FollowedCandidate['metadata']> {
  const keys = Object.values(MEMBER_LABELS).flatMap((labelsOf) => Object.keys(labelsOf('')));
  const owner = ownerReferences?.find(({ controller }) => controller === true);
  return {
    name,
    labels: Object.fromEntries(
      [TEMPLATE_HASH, ...keys].flatMap((key) => {
        const value = labels?.[key];
        return value === undefined ? [] : [[key, value]];
      }),
    ),
    ownerReferences:
      owner === undefined || owner.name.length > MAX_NAME ? [] : [{ name: owner.name, controller: true }],
  };
}

export function isFollowed({ metadata }: FollowedCandidate, namespace: string, pods: FollowedPods): boolean {
  if (namespace !== pods.namespace) return false;
  const { name, labels } = metadata ?? {};
  const wanted = Object.entries(pods.labels ?? {});
  if (wanted.length > 0 && wanted.every(([key, value]) => labels?.[key] === value)) return true;
  if (typeof name === 'string' && name !== '' && [...pods.names, pods.primary].includes(name)) return true;
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller === true)?.name;
  return owner !== undefined && isOfWorkload(pods.primary, owner, labels?.[TEMPLATE_HASH]);
}

/**
 * By its name alone, as Kubernetes makes it: a pod of a StatefulSet ends in its ordinal, one of a ReplicaSet in five
 * letters, and a ReplicaSet of a Deployment in a hash, which is another one after an update.
 */
function isOfWorkload(pod: string, owner: string, hash: string | undefined): boolean {
  const deployment =
    hash !== undefined && owner.endsWith(`-${hash}`) ? owner.slice(0, -hash.length - 1) : undefined;
  const [base, ending] =
    deployment === undefined ? [owner, /^[a-z0-9]+$/] : [deployment, /^[a-z0-9]+-[a-z0-9]+$/];
  return pod.startsWith(`${base}-`) && ending.test(pod.slice(base.length + 1));
}
