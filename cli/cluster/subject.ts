import { type FollowedPods, followedPods } from '../../contract/followed.ts';
import { TRIGGER_SECTION } from '../../contract/names.ts';
import type { ObjectKey } from '../../kubernetes/api.ts';
import { type Published, section } from './followers.ts';

/** What a follower follows, as its report says; undefined when that is not known. */
export function subjectOf(published: Published): Readonly<Record<string, string>> | undefined {
  const value = section(published, TRIGGER_SECTION);
  if (typeof value !== 'object' || value === null) return undefined;
  const isText = Object.values(value).every((text) => typeof text === 'string');
  return isText ? (value as Readonly<Record<string, string>>) : undefined;
}

/** The CloudNativePG Cluster that it follows; undefined when it follows something else. */
export function clusterOf(published: Published): Required<ObjectKey> | undefined {
  const { kind, namespace, clusterName } = subjectOf(published) ?? {};
  return kind === 'cnpg' && namespace && clusterName ? { namespace, name: clusterName } : undefined;
}

/** The Cluster of a distributed topology that it follows; undefined when it follows something else. */
export function topologyClusterOf(published: Published): Required<ObjectKey> | undefined {
  const { kind, namespace, clusterName } = subjectOf(published) ?? {};
  return kind === 'cnpg-topology' && namespace && clusterName ? { namespace, name: clusterName } : undefined;
}

/** The pods that are followed, as the reports and statuses tell. */
export function followedBy(followers: readonly Published[]): readonly FollowedPods[] {
  return followers.flatMap((follower) => {
    const subject = subjectOf(follower);
    const primary = follower.status?.primary ?? '';
    return (subject && followedPods({ kind: '', ...subject }, primary)) ?? [];
  });
}
