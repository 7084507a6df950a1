import { type FollowedPods, followedPods } from '../../contract/followed.ts';
import { TRIGGER_SECTION } from '../../contract/names.ts';
import type { ObjectKey } from '../../kubernetes/api.ts';
import { type Published, section } from './followers.ts';

/** What a follower follows, by its report; undefined when that is not known. */
export function subjectOf(published: Published): Readonly<Record<string, string>> | undefined {
  const value = section(published, TRIGGER_SECTION);
  if (typeof value !== 'object' || value === null) return undefined;
  const isText = Object.values(value).every((text) => typeof text === 'string');
  return isText ? (value as Readonly<Record<string, string>>) : undefined;
}

/** The CloudNativePG Cluster that it follows by this trigger; undefined when it follows something else. */
export function clusterOf(
  published: Published,
  trigger: 'cnpg' | 'cnpg-topology',
): Required<ObjectKey> | undefined {
  const { kind, namespace, clusterName } = subjectOf(published) ?? {};
  return kind === trigger && namespace && clusterName ? { namespace, name: clusterName } : undefined;
}

/** The followed pods, by the reports and statuses. */
export function followedBy(followers: readonly Published[]): readonly FollowedPods[] {
  return followers.flatMap((follower) => {
    const subject = subjectOf(follower);
    const primary = follower.status?.primary ?? '';
    return (subject && followedPods({ kind: '', ...subject }, primary)) ?? [];
  });
}
