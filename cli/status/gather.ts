import { ignoreForbidden } from '../../kubernetes/errors.ts';
import type { Lease } from '../../kubernetes/resources.ts';
import { ASKING_PODS } from '../../webhook/inject/label.ts';
import { findFollowers, type Published, pickFollower } from '../cluster/followers.ts';
import { listKept } from '../cluster/kept.ts';
import { POD_DETAILS, type PodDetails } from '../cluster/pod-details.ts';
import type { Session } from '../cluster/session.ts';
import { readLease } from './leader.ts';
import { type StatusView, viewOf } from './view.ts';

export interface Wanted {
  readonly namespace: string | undefined;
  readonly follower: string | undefined;
}

/** Pods and Lease are left out where the user may not read them. Throws KubeError, CommandError. */
export async function readStatus(
  session: Session,
  { namespace, follower }: Wanted,
  now: () => number,
): Promise<StatusView> {
  const [all, pods] = await Promise.all([
    findFollowers(session, namespace),
    listKept(session.api, POD_DETAILS, { labelSelector: ASKING_PODS }).catch(ignoreForbidden),
  ]);
  const lease = await readLease(session.api, all[0]?.namespace ?? '').catch(ignoreForbidden);
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
