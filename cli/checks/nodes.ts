import type { Node } from '../../kubernetes/resources.ts';
import { type Check, type Finding, problem, warning } from './check.ts';
import type { World } from './world.ts';

/** The taint that kubeadm, and kind with it, gives to the nodes of the control plane. */
const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane';

export const NODES_IN_SITES: Check = {
  name: 'nodes',
  title: 'every node is in a site, and every site has its nodes',
  async find(world) {
    const nodes = await world.nodes;
    return { findings: world.followers.flatMap((follower) => findingsOf(follower, nodes)) };
  },
};

/** Neither databases nor applications are scheduled there. */
function isForControlPlane({ spec }: Node): boolean {
  const taints = spec?.taints ?? [];
  return taints.some(({ key, effect }) => key === CONTROL_PLANE && effect !== 'PreferNoSchedule');
}

function findingsOf({ follower, status }: World['followers'][number], all: readonly Node[]): Finding[] {
  if (status === undefined) return [];
  const nodes = new Set(all.map(({ metadata }) => metadata.name));
  const sites = Object.entries(status.sites);
  const placed = new Set(sites.flatMap(([, names]) => names));
  const of = `follower ${follower}`;
  const strays = all
    .filter((node) => !placed.has(node.metadata.name) && !isForControlPlane(node))
    .map(({ metadata: { name } }) =>
      warning(
        `Node ${name}`,
        `it is in no site of ${of}: pods on it never count as active, and a primary on it would be held`,
        'Add it to a site in SITES, or give it the labels of a nodeSelector.',
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
