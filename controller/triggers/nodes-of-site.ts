import { undefinedIfNotFound } from '../../kubernetes/errors.ts';
import { NODES, type Node } from '../../kubernetes/resources.ts';
import { listAll } from '../list.ts';
import type { WatchPorts } from '../reflect.ts';
import type { Site, Sites } from '../sites.ts';

/** The nodes that stand in a site now, sorted by name. Throws KubeError. */
export async function nodesOfSite(
  { api }: Pick<WatchPorts, 'api'>,
  sites: Sites,
  { name: site, nodeNames, nodeSelector }: Site,
  signal: AbortSignal,
): Promise<Node[]> {
  const named = nodeNames.map((name) => api.get(NODES, { name }, { signal }).catch(undefinedIfNotFound));
  const selected =
    nodeSelector === undefined ? [] : listAll(api, NODES, { labelSelector: nodeSelector }, signal);
  const [byName, bySelector] = await Promise.all([Promise.all(named), selected]);
  const nodes = new Map<string, Node>();
  for (const node of [...byName, ...bySelector]) {
    // A selector may match what another site has by name, or what a second selector claims as well.
    if (node !== undefined && sites.of(node)?.name === site) nodes.set(node.metadata.name, node);
  }
  return [...nodes.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

export function isReady({ metadata, status }: Node): boolean {
  const ready = status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
  return ready === true && metadata.deletionTimestamp === undefined;
}
