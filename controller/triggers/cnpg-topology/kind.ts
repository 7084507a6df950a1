import * as z from 'zod';
import { namespace, objectName } from '../../../settings/fields.ts';
import { cnpgRights } from '../cnpg/rights.ts';
import type { ConfiguredTrigger } from '../trigger-kind.ts';
import { createTopologyTrigger } from './index.ts';

export const CNPG_TOPOLOGY = z
  .object({
    kind: z.literal('cnpg-topology'),
    namespace: namespace()
      .default('postgres')
      .meta({ description: 'Namespace of the Cluster that is in this Kubernetes cluster.' }),
    clusterName: objectName('a Cluster').default('pg-cluster').meta({ description: 'Its name.' }),
    self: objectName('a Cluster').optional().meta({
      description: 'Its name in the topology, where `spec.replica.self` gives it another one.',
    }),
  })
  .meta({
    description:
      'The primary Cluster of a distributed topology of CloudNativePG, by `spec.replica.primary`; each site is a Kubernetes cluster.',
  });

export function cnpgTopology(config: z.output<typeof CNPG_TOPOLOGY>): ConfiguredTrigger {
  const { namespace, clusterName, self = clusterName } = config;
  return {
    subject: { namespace, clusterName },
    rights: cnpgRights(namespace, undefined),
    ownCluster: self,
    check({ sites, report }) {
      if (sites === undefined || sites.some(({ cluster }) => cluster === self)) return;
      report('self', self, 'must be the "cluster" of one of the sites: that is where this controller runs');
    },
    create: (ports) =>
      createTopologyTrigger({
        ports,
        namespace,
        clusterName,
        self,
        sites: ports.sites.all,
        ...(ports.claims !== undefined && { claims: ports.claims }),
      }),
  };
}
