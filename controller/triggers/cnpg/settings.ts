import { namespace, objectName } from '../../../settings/fields.ts';
import { type Checked, Setting } from '../../../settings/settings.ts';

export const SETTINGS = {
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

export type CnpgConfig = Checked<typeof SETTINGS>;
