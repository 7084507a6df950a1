import { ignoreNotFound } from '../../kubernetes/errors.ts';
import { listAll } from '../../kubernetes/pages.ts';
import { NODES, type Node } from '../../kubernetes/resources.ts';
import type { Site } from '../../settings/site.ts';
import type { TriggerPorts } from './trigger-kind.ts';

export type NodePorts = Pick<TriggerPorts, 'api' | 'sites' | 'lastSites'>;

/**
 * The nodes that stand in a site now, sorted by name; those as well that no site claims any more and that stood in it
 * last: they have lost their labels, but not moved. Throws KubeError.
 */
export async function nodesOfSite(
  { api, sites, lastSites }: NodePorts,
  { name: site, nodeNames, nodeSelector }: Site,
  abort: AbortSignal,
): Promise<Node[]> {
  const read = (names: readonly string[]) =>
    Promise.all(names.map((name) => api.get(NODES, { name }, { abort }).catch(ignoreNotFound)));
  const isLabelled = nodeSelector !== undefined;
  const [byName, bySelector, last] = await Promise.all([
    read(nodeNames),
    isLabelled ? listAll(api, NODES, { labelSelector: nodeSelector, abort }) : [],
    isLabelled ? lastSites(abort).then((sites) => sites[site] ?? []) : [],
  ]);
  const nodes = new Map<string, Node>();
  for (const node of [...byName, ...bySelector]) {
    // A selector may match what another site has by name, or what a second selector claims as well.
    if (node !== undefined && sites.of(node)?.name === site) nodes.set(node.metadata.name, node);
  }
  const missed = await read(last.filter((name) => !nodes.has(name)));
  for (const node of missed) {
    if (node !== undefined && sites.of(node) === undefined) nodes.set(node.metadata.name, node);
  }
  return [...nodes.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}
