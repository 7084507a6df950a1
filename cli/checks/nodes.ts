import { type Check, type Finding, problem, warning } from './check.ts';
import type { World } from './world.ts';

export const NODES_IN_SITES: Check = {
  name: 'nodes',
  title: 'every node is in a site, and every site has its nodes',
  async find(world) {
    const nodes = new Set((await world.nodes).map(({ metadata }) => metadata.name));
    return { findings: world.followers.flatMap((follower) => findingsOf(follower, nodes)) };
  },
};

function findingsOf({ follower, status }: World['followers'][number], nodes: ReadonlySet<string>): Finding[] {
  if (status === undefined) return [];
  const sites = Object.entries(status.sites);
  const placed = new Set(sites.flatMap(([, names]) => names));
  const of = `follower ${follower}`;
  const strays = [...nodes]
    .filter((node) => !placed.has(node))
    .map((node) =>
      warning(
        `Node ${node}`,
        `it is in no site of ${of}: pods on it never count as active, and a primary on it would be held`,
        'Add it to a site in SITES, or give it the labels that a nodeSelector asks for.',
      ),
    );
  const empty = sites
    .filter(([, names]) => !names.some((name) => nodes.has(name)))
    .map(([site, names]) =>
      problem(
        `Site ${site}`,
        names.length === 0 ? `it has no node in ${of}` : `none of its nodes exists: ${names.join(', ')}`,
        'Correct the nodes of that site in SITES, or the labels of its nodes.',
      ),
    );
  const unknown = sites
    .filter(([, names]) => names.some((name) => nodes.has(name)))
    .flatMap(([site, names]) => names.filter((name) => !nodes.has(name)).map((name) => ({ site, name })))
    .map(({ site, name }) =>
      warning(
        `Node ${name}`,
        `site ${site} of ${of} names it, but it does not exist`,
        'Correct SITES, if the node is gone for good.',
      ),
    );
  return [...strays, ...empty, ...unknown];
}
