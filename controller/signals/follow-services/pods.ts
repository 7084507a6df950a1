import { siteLabel } from '../../../contract/routing.ts';
import type { ObjectKey } from '../../../kubernetes/api.ts';
import { isReadyAndStays } from '../../../kubernetes/ready.ts';
import type { Pod } from '../../../kubernetes/resources.ts';
import { isSame, type LabelIds, labelIds } from './label-ids.ts';
import type { Goal } from './plan.ts';

/** What is kept of a pod: there may be thousands. */
export interface RoutedPod {
  readonly key: Required<ObjectKey>;
  readonly uid: string;
  readonly version: string;
  /** None of a pod that has more than anybody needs: it is behind no Service that follows. */
  readonly labels: LabelIds;
  /** The site that its label of each follower names, where it stood last. */
  readonly sites: Readonly<Record<string, string>>;
  /** Empty until it is scheduled. */
  readonly node: string;
  /** As the EndpointSlice controller sees it. */
  readonly ready: boolean;
}

const MAX_LABELS = 128;
const NO_SITES: RoutedPod['sites'] = {};

/** Its sites are kept for `followers` alone: anybody may give it labels for others. */
export function routedPod(followers: readonly string[], pod: Pod): RoutedPod {
  const { metadata, spec } = pod;
  const { namespace = '', name, uid = '', resourceVersion: version = '', labels = {} } = metadata;
  return {
    key: { namespace, name },
    uid,
    version,
    labels: labelIds(labels, MAX_LABELS) ?? [],
    sites: sitesIn(labels, followers),
    node: spec?.nodeName ?? '',
    ready: isReadyAndStays(pod),
  };
}

function sitesIn(labels: Readonly<Record<string, string>>, followers: readonly string[]): RoutedPod['sites'] {
  const named = followers.flatMap((follower) => {
    const site = labels[siteLabel(follower)];
    return site === undefined ? [] : [[follower, site] as const];
  });
  return named.length === 0 ? NO_SITES : Object.fromEntries(named);
}

/** The label that the pod has to have; undefined while it has the right one, or while its node stands in no site. */
export function desiredLabel(
  pod: RoutedPod,
  follower: string,
  siteOf: ReadonlyMap<string, string>,
): string | undefined {
  const site = siteOf.get(pod.node);
  return site === pod.sites[follower] ? undefined : site;
}

/** Whether it is behind the same Services as before, and counts for those of `follower` as it did. */
export function countsTheSame(one: RoutedPod, other: RoutedPod | undefined, follower: string): boolean {
  if (other === undefined || one.sites[follower] !== other.sites[follower]) return false;
  return one.node === other.node && one.ready === other.ready && isSame(one.labels, other.labels);
}

/** How the pods of a Service stand. */
export interface PodCounts {
  /** Ready pods on the active site. */
  readonly here: number;
  /** Those of them that do not have its label yet. */
  readonly unlabelled: number;
  /** Ready pods on other sites, or on none. */
  readonly elsewhere: number;
}

/** `pods`: those that are ready, of one Service. */
export function countPods(
  pods: Iterable<RoutedPod>,
  { follower, site }: Pick<Goal, 'follower' | 'site'>,
  siteOf: ReadonlyMap<string, string>,
): PodCounts {
  let [here, unlabelled, elsewhere] = [0, 0, 0];
  for (const pod of pods) {
    const labelled = pod.sites[follower];
    const stands = siteOf.get(pod.node) ?? labelled;
    if (stands !== site) elsewhere += 1;
    else {
      here += 1;
      if (labelled !== site) unlabelled += 1;
    }
  }
  return { here, unlabelled, elsewhere };
}

/** The merge patch that gives a pod its label, and no other pod of the same name. */
export function labelPatch(pod: RoutedPod, follower: string, site: string): object {
  const metadata: Record<string, unknown> = { labels: { [siteLabel(follower)]: site } };
  return { metadata: pod.uid === '' ? metadata : { ...metadata, uid: pod.uid } };
}
