import * as z from 'zod';
import { namespace, objectName } from '../../../settings/fields.ts';

export const CNPG = z
  .object({
    kind: z.literal('cnpg'),
    namespace: namespace()
      .default('postgres')
      .meta({ env: 'CNPG_NAMESPACE', description: 'Namespace of the Cluster to follow.' }),
    clusterName: objectName('a Cluster')
      .default('pg-cluster')
      .meta({ env: 'CNPG_CLUSTER_NAME', description: 'Name of the CloudNativePG Cluster to follow.' }),
    preferredPrimaryNode: objectName('a node').optional().meta({
      env: 'PREFERRED_PRIMARY_NODE',
      description:
        'Home node of the primary: the controller moves it there once per Cluster, and again after `kubectl rollout restart` of the controller.',
    }),
  })
  .meta({ description: 'The primary of a CloudNativePG Cluster, by its `status.currentPrimary`.' });

export type CnpgConfig = z.output<typeof CNPG>;
