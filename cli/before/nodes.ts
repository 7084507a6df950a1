/** What an installation needs of the nodes. */
import { type Check, problem, type Result, skip, titleOf, warning } from '../checks/check.ts';
import type { Before } from './before.ts';
import { LEAST_MINOR, minorOf } from './version.ts';

const ZONE = 'topology.kubernetes.io/zone';

export const KUBELETS: Check = {
  name: 'kubelets',
  title: `every node runs Kubernetes 1.${LEAST_MINOR} or later`,
  async find(world) {
    const nodes = await world.nodes;
    return {
      findings: nodes.flatMap((node) => {
        const version = node.status?.nodeInfo?.kubeletVersion ?? '';
        if (minorOf(version) >= LEAST_MINOR) return [];
        const text = `its kubelet is ${version}, which knows no native sidecars`;
        const action = `Upgrade it to Kubernetes 1.${LEAST_MINOR} or later.`;
        return [problem(titleOf('Node', node), text, action)];
      }),
    };
  },
};

export const ZONES: Check = {
  name: 'zones',
  title: `nodes are in two or more zones by the label ${ZONE}`,
  async find(world) {
    const labels = (await world.nodes).map(({ metadata }) => metadata.labels?.[ZONE] ?? '');
    const zones = [...new Set(labels)].filter((zone) => zone !== '').sort();
    if (zones.length >= 2) return { findings: [], note: zones.join(', ') };
    const text =
      zones.length === 0
        ? 'none has the label, so a new database may have all its instances on one node'
        : `all that have the label are in ${zones[0]}, so a new database has one instance that runs`;
    return {
      findings: [warning('Nodes', text, `kubectl label node NAME ${ZONE}=SITE, for a node of each site.`)],
    };
  },
};

interface PlannedSite {
  readonly name?: string;
  readonly nodeName?: string;
  readonly nodeNames?: readonly string[];
}

/** By the variable alone: with a configuration file, nodes are named there. */
export const NODES_OF_SITES: Check<Before> = {
  name: 'sites',
  title: 'every node that a site names is there',
  async find(world): Promise<Result> {
    const { planned } = world;
    const text = planned?.controllerContainer.env?.find(({ name }) => name === 'SITES')?.value;
    if (text === undefined) return skip('no manifests with sites were given');
    const there = new Set((await world.nodes).map(({ metadata }) => metadata.name));
    const sites = JSON.parse(text) as readonly PlannedSite[];
    const missing = sites.flatMap(({ name, nodeName, nodeNames = [] }) =>
      [nodeName ?? [], nodeNames].flat().flatMap((node) => (there.has(node) ? [] : [{ name, node }])),
    );
    return {
      findings: missing.map(({ name, node }) =>
        problem(
          `Node ${node}`,
          `it is not in the cluster: a primary elsewhere is in no site, and site ${name} is never active`,
          `See kubectl get nodes, and correct controller.sites.${name}.`,
        ),
      ),
    };
  },
};
