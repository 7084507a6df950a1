import type { ConfiguredTrigger } from '../trigger-kind.ts';
import { CnpgTrigger } from './index.ts';
import { createPreferredPrimary } from './preferred.ts';
import { cnpgRights } from './rights.ts';
import type { CnpgConfig } from './settings.ts';

export { CNPG } from './settings.ts';

export function cnpg(config: CnpgConfig): ConfiguredTrigger {
  const { namespace, clusterName, preferredPrimaryNode: node } = config;
  return {
    subject: { namespace, clusterName },
    rights: cnpgRights(namespace, node),
    check({ sites, report }) {
      // A selector's nodes are not known here.
      if (
        sites === undefined ||
        node === undefined ||
        sites.some(({ nodeSelector }) => nodeSelector !== undefined)
      )
        return;
      if (sites.some(({ nodeNames }) => nodeNames.includes(node))) return;
      report('preferredPrimaryNode', node, 'must be a node of one of the sites');
    },
    create(ports) {
      const preferred = createPreferredPrimary(config, ports);
      return new CnpgTrigger({ ports, namespace, clusterName, ...(preferred && { preferred }) });
    },
  };
}
