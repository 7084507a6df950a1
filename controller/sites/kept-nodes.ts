import type { Status } from '../../contract/status.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import { isObjectName } from '../../runtime/object-names.ts';
import type { Site } from '../../settings/site.ts';
import type { ResolvedObservation } from '../decide.ts';
import type { Sites } from './sites.ts';

type NodesBySite = Status['sites'];

export interface NodeFacts {
  /** As it was published last: the memory that outlives a restart and a leader. */
  readonly before: Pick<Status, 'activeSite' | 'activeNode' | 'sites'> | undefined;
  readonly resolved: ResolvedObservation;
  /** Those that exist; none of them where no label decides. */
  readonly nodes: ReadonlyMap<string, KubeObject>;
  /** Nodes on which nothing of ours runs, as far as that was asked. */
  readonly unused: ReadonlySet<string>;
}

export interface Placed {
  readonly sites: NodesBySite;
  /** Nodes that are kept for nothing but what may run on them: somebody has to ask. */
  readonly doubtful: readonly string[];
  /** Nodes that no site claims any more, or several do, and the site in which they are kept; a sentence about each. */
  readonly kept: readonly string[];
}

/**
 * The nodes of each site. A node stays in its last known site until another site claims it: one that has lost its
 * labels, or came again without any, has not moved, and its pods must not be treated as being in no site. What is gone, or
 * was taken away by the configuration, stays as long as something of ours runs on it.
 */
export function placeNodes(sites: Sites, { before, resolved, nodes, unused }: NodeFacts): Placed {
  const places = new Map<string, string>();
  const doubtful: string[] = [];
  const held = resolved.kind === 'unknown' ? before : undefined;
  for (const [site, names] of Object.entries(before?.sites ?? {})) {
    const isLabelled = sites.named(site)?.nodeSelector !== undefined;
    for (const name of names) {
      if (!isObjectName(name)) continue; // Nobody but a human with an editor writes that.
      const hasLostLabels = isLabelled && nodes.has(name);
      const isHeld = name === held?.activeNode;
      if (!hasLostLabels && !isHeld) doubtful.push(name);
      if (hasLostLabels || isHeld || !unused.has(name)) places.set(name, site);
    }
  }
  for (const [site, names] of Object.entries(sites.resolve(nodes.values()))) {
    for (const name of names) places.set(name, site);
  }
  // The observation has read its node just now; the watch may be behind.
  if (resolved.kind === 'located' && resolved.node !== '') places.set(resolved.node, resolved.site);
  // A site that the configuration names no more is held whole, whoever claims its nodes, until the primary is found.
  if (held !== undefined && sites.named(held.activeSite) === undefined) {
    for (const name of held.sites[held.activeSite] ?? [])
      if (isObjectName(name)) places.set(name, held.activeSite);
  }
  const matches = (name: string) => sites.matching(nodes.get(name) ?? { metadata: { name } });
  return {
    sites: group(sites, places),
    doubtful: doubtful.filter((name) => matches(name).length !== 1),
    kept: [...places].flatMap(([name, site]) =>
      nodes.has(name) && matches(name).length !== 1 ? [keptNote(name, site, matches(name))] : [],
    ),
  };
}

function keptNote(node: string, site: string, matches: readonly Site[]): string {
  const names = matches.map(({ name }) => name).join(' and ');
  return names === ''
    ? `node ${node} matches no site any more and is kept in ${site}`
    : `node ${node} is claimed by ${names} and is kept in ${site}`;
}

/** In the order of the configuration, and after them those that it names no more. */
function group(sites: Sites, places: ReadonlyMap<string, string>): NodesBySite {
  const names = new Map(sites.all.map(({ name }) => [name, [] as string[]]));
  for (const site of [...new Set(places.values())].toSorted()) {
    if (!names.has(site)) names.set(site, []);
  }
  for (const [node, site] of places) names.get(site)?.push(node);
  return Object.fromEntries([...names].map(([site, nodes]) => [site, nodes.toSorted()]));
}
