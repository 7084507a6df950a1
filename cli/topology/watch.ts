import { CLUSTERS, type Cluster } from '../../cnpg/cluster.ts';
import { ignoreForbidden } from '../../kubernetes/errors.ts';
import { listAll } from '../../kubernetes/pages.ts';
import { CONFIG_MAPS } from '../../kubernetes/resources.ts';
import { PUBLISHED, type Published, published } from '../cluster/followers.ts';
import { listKept } from '../cluster/kept.ts';
import { ENDPOINT_SLICES, type EndpointSlice } from '../switchover/milestones.ts';
import type { Side } from './side.ts';

export interface ObservedSide {
  readonly side: Side;
  readonly cluster: Cluster;
  /** Undefined when it is gone. */
  readonly published: Published | undefined;
}

export interface ObservedSides {
  readonly from: ObservedSide;
  readonly to: ObservedSide;
}

/** Throws KubeError. */
export async function observeBoth(from: Side, to: Side, abort: AbortSignal): Promise<ObservedSides> {
  const [one, other] = await Promise.all([observe(from, abort), observe(to, abort)]);
  return { from: one, to: other };
}

async function observe(side: Side, abort: AbortSignal): Promise<ObservedSide> {
  const { api, key } = side;
  const { namespace, follower } = side.published;
  const [cluster, maps] = await Promise.all([
    api.get(CLUSTERS, key, { abort }),
    listAll(api, CONFIG_MAPS, { namespace, labelSelector: PUBLISHED, abort }),
  ]);
  return { side, cluster, published: published(maps).find((one) => one.follower === follower) };
}

/** The EndpointSlices in the namespaces of these Services; none where the user may not list them. Throws KubeError. */
export async function slicesOf(
  { api }: Side,
  services: readonly string[],
  abort: AbortSignal,
): Promise<EndpointSlice[]> {
  const namespaces = [...new Set(services.map((service) => service.split('/')[0] ?? ''))];
  const lists = namespaces.map((namespace) => listKept(api, ENDPOINT_SLICES, { namespace, abort }));
  return (await Promise.all(lists).catch(ignoreForbidden))?.flat() ?? [];
}
