import type { KubeObject } from '../../kubernetes/api.ts';
import { parseLabelSelector } from '../../runtime/label-selector.ts';
import type { Site } from '../../settings/site.ts';

/**
 * Matches nodes to sites. A node named by a site belongs to it, whatever the selectors of others say. Where each site is
 * a Kubernetes cluster, all nodes that there are belong to this one's.
 */
export class Sites {
  readonly all: readonly Site[];
  /** The site that this Kubernetes cluster is; undefined where it is stretched over several. */
  readonly own: Site | undefined;
  readonly #byNodeName = new Map<string, Site>();
  readonly #bySelector: { site: Site; matches: (node: KubeObject) => boolean }[] = [];

  /** `ownCluster`: the `cluster` of the site that this Kubernetes cluster is. */
  constructor(sites: readonly Site[], ownCluster?: string) {
    this.all = sites;
    this.own = ownCluster === undefined ? undefined : sites.find(({ cluster }) => cluster === ownCluster);
    if (this.own !== undefined) this.#bySelector.push({ site: this.own, matches: () => true });
    for (const site of sites) {
      for (const node of site.nodeNames) this.#byNodeName.set(node, site);
      if (site.nodeSelector === undefined) continue;
      const selector = parseLabelSelector(site.nodeSelector);
      this.#bySelector.push({ site, matches: (node) => selector.matches(node.metadata.labels) });
    }
  }

  /** True when node labels decide: then the nodes have to be watched. */
  get needLabels(): boolean {
    return this.#bySelector.length > 0;
  }

  named(name: string): Site | undefined {
    return this.all.find((site) => site.name === name);
  }

  /** Undefined when the node is in no site, or when the selectors of two sites claim it. */
  of(node: KubeObject): Site | undefined {
    const matches = this.matching(node);
    return matches.length === 1 ? matches[0] : undefined;
  }

  /** The sites that have this node by what it says of itself now: more than one, when their selectors overlap. */
  matching(node: KubeObject): readonly Site[] {
    const byName = this.#byNodeName.get(node.metadata.name);
    if (byName !== undefined) return [byName];
    return this.#bySelector.filter(({ matches }) => matches(node)).map(({ site }) => site);
  }

  /** The node names of each site, sorted: those configured, and those of `nodes` that a selector matches. */
  resolve(nodes: Iterable<KubeObject>): Record<string, string[]> {
    const names = new Map(this.all.map((site) => [site.name, new Set(site.nodeNames)]));
    for (const node of nodes) {
      const site = this.of(node);
      if (site !== undefined) names.get(site.name)?.add(node.metadata.name);
    }
    return Object.fromEntries([...names].map(([site, nodes]) => [site, [...nodes].sort()]));
  }
}
