import { triggerKind } from '../trigger-kind.ts';
import { CnpgTrigger } from './index.ts';
import { createPreferredPrimary } from './preferred.ts';
import { cnpgRights } from './rights.ts';
import { SETTINGS } from './settings.ts';

export const CNPG = triggerKind({
  name: 'cnpg',
  meaning: 'The primary of a CloudNativePG Cluster, by its `status.currentPrimary`.',
  settings: SETTINGS,
  subject: ({ namespace, clusterName }) => ({ namespace, clusterName }),
  rights: ({ namespace, preferredPrimaryNode }) => cnpgRights(namespace, preferredPrimaryNode),
  check({ preferredPrimaryNode: node }, { sites, report }) {
    // A selector's nodes are not known here.
    if (
      sites === undefined ||
      node === undefined ||
      sites.some(({ nodeSelector }) => nodeSelector !== undefined)
    )
      return;
    if (sites.some(({ nodeNames }) => nodeNames.includes(node))) return;
    report(['preferredPrimaryNode'], node, 'must be a node of one of the sites');
  },
  create(config, ports) {
    const preferred = createPreferredPrimary(config, ports);
    const { namespace, clusterName } = config;
    return new CnpgTrigger({ ports, namespace, clusterName, ...(preferred && { preferred }) });
  },
});
