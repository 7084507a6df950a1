import { namespace, objectName } from '../../../settings/fields.ts';
import { type Checked, Setting } from '../../../settings/settings.ts';
import { triggerKind } from '../trigger-kind.ts';
import { CnpgTrigger } from './index.ts';
import { createPreferredPrimary } from './preferred.ts';
import { cnpgRights } from './rights.ts';

const settings = {
  namespace: new Setting(
    'CNPG_NAMESPACE',
    'text',
    namespace().default('postgres'),
    'Namespace of the Cluster to follow.',
  ),
  clusterName: new Setting(
    'CNPG_CLUSTER_NAME',
    'text',
    objectName('a Cluster').default('pg-cluster'),
    'Name of the CloudNativePG Cluster to follow.',
  ),
  preferredPrimaryNode: new Setting(
    'PREFERRED_PRIMARY_NODE',
    'text',
    objectName('a node').optional(),
    'Home node of the primary: the controller moves it there once per Cluster, and again after `kubectl rollout restart` of the controller.',
  ),
};

export type CnpgConfig = Checked<typeof settings>;

export const CNPG = triggerKind({
  name: 'cnpg',
  meaning: 'The primary of a CloudNativePG Cluster, by its `status.currentPrimary`.',
  settings,
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
