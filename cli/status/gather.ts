import { LABELS, PROGRAM } from '../../contract/names.ts';
import { isForbidden, isNotFound } from '../../kubernetes/errors.ts';
import { listAll } from '../../kubernetes/pages.ts';
import { LEASES, type Lease } from '../../kubernetes/resources.ts';
import { findFollowers, type Published, pickFollower } from '../cluster/followers.ts';
import { POD_DETAILS, type PodDetails } from '../cluster/pods.ts';
import type { Session } from '../cluster/session.ts';
import { type StatusView, viewOf } from './view.ts';

/** Pods that ask for the sidecar themselves; the webhook labels those whose namespace asks. */
export const ASKING_PODS = `${LABELS.inject},${LABELS.inject}!=false`;

export interface Wanted {
  readonly namespace: string | undefined;
  readonly follower: string | undefined;
}

/** One look at everything. Pods and Lease are left out where they may not be read. Throws KubeError, CommandError. */
export async function lookAtStatus(
  session: Session,
  { namespace, follower }: Wanted,
  now: () => number,
  abort: AbortSignal,
): Promise<StatusView> {
  const [all, pods] = await Promise.all([
    findFollowers(session, namespace, abort),
    unlessForbidden(listAll(session.api, POD_DETAILS, { labelSelector: ASKING_PODS, abort })),
  ]);
  const lease = await readLease(session, all[0]?.namespace ?? '', abort);
  return statusOf(chosen(all, follower), pods, lease, now());
}

export function chosen(all: readonly Published[], follower: string | undefined): readonly Published[] {
  return follower === undefined ? all : [pickFollower(all, follower)];
}

export function statusOf(
  followers: readonly Published[],
  pods: readonly PodDetails[] | undefined,
  lease: Lease | undefined,
  now: number,
): StatusView {
  return { followers: followers.map((published) => viewOf({ published, pods, lease, now })) };
}

/** Undefined where there is none, as without leader election, or where it may not be read. */
export function readLease(
  { api }: Session,
  namespace: string,
  abort: AbortSignal,
): Promise<Lease | undefined> {
  return unlessForbidden(api.get(LEASES, { namespace, name: PROGRAM }, { abort }));
}

async function unlessForbidden<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isForbidden(error) || isNotFound(error)) return undefined;
    throw error;
  }
}
