import { siteLabel } from '../../../contract/routing.ts';
import type { ObjectKey } from '../../../kubernetes/api.ts';
import { isReadyAndStays } from '../../../kubernetes/ready.ts';
import type { Pod } from '../../../kubernetes/resources.ts';
import { boundedLabels } from '../bounds.ts';
import { type FollowedService, selects } from './service.ts';

/** What is kept of a pod: there may be thousands. */
export interface RoutedPod {
  readonly key: Required<ObjectKey>;
  readonly uid: string;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Empty until it is scheduled. */
  readonly node: string;
  /** As the EndpointSlice controller sees it. */
  readonly ready: boolean;
}

export function keepPod(pod: Pod): RoutedPod {
  const { metadata, spec } = pod;
  const { namespace = '', name, uid = '', resourceVersion: version = '', labels = {} } = metadata;
  return {
    key: { namespace, name },
    uid,
    version,
    labels: boundedLabels(labels),
    node: spec?.nodeName ?? '',
    ready: isReadyAndStays(pod),
  };
}

/** The label that the pod has to have; undefined while it has the right one, or while its node stands in no site. */
export function wantedLabel(
  pod: RoutedPod,
  follower: string,
  siteOf: ReadonlyMap<string, string>,
): string | undefined {
  const site = siteOf.get(pod.node);
  return site === pod.labels[siteLabel(follower)] ? undefined : site;
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

export function countPods(
  service: FollowedService,
  pods: Iterable<RoutedPod>,
  { follower, site }: { readonly follower: string; readonly site: string },
  siteOf: ReadonlyMap<string, string>,
): PodCounts {
  const label = siteLabel(follower);
  let [here, unlabelled, elsewhere] = [0, 0, 0];
  for (const pod of pods) {
    if (!pod.ready || !selects(service, pod.labels)) continue;
    // Its label is where it stood last.
    const stands = siteOf.get(pod.node) ?? pod.labels[label];
    if (stands !== site) elsewhere += 1;
    else {
      here += 1;
      if (pod.labels[label] !== site) unlabelled += 1;
    }
  }
  return { here, unlabelled, elsewhere };
}

/** The merge patch that gives a pod its label, and no other pod of the same name. */
export function labelPatch(pod: RoutedPod, follower: string, site: string): object {
  const metadata: Record<string, unknown> = { labels: { [siteLabel(follower)]: site } };
  return { metadata: pod.uid === '' ? metadata : { ...metadata, uid: pod.uid } };
}
