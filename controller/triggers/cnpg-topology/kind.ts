import { namespace, objectName } from '../../../settings/fields.ts';
import { Setting } from '../../../settings/settings.ts';
import { cnpgRights } from '../cnpg/rights.ts';
import { triggerKind } from '../trigger-kind.ts';
import { CnpgTopologyTrigger } from './index.ts';

const settings = {
  namespace: new Setting(
    '',
    'text',
    namespace().default('postgres'),
    'Namespace of the Cluster that is in this Kubernetes cluster.',
  ),
  clusterName: new Setting('', 'text', objectName('a Cluster').default('pg-cluster'), 'Its name.'),
  self: new Setting(
    '',
    'text',
    objectName('a Cluster').optional(),
    'Its name in the topology, where `spec.replica.self` gives it another one.',
  ),
};

export const CNPG_TOPOLOGY = triggerKind({
  name: 'cnpg-topology',
  meaning:
    'The primary Cluster of a distributed topology of CloudNativePG, by `spec.replica.primary`; each site is a Kubernetes cluster.',
  settings,
  subject: ({ namespace, clusterName }) => ({ namespace, clusterName }),
  rights: ({ namespace }) => cnpgRights(namespace, undefined),
  ownCluster: ({ clusterName, self = clusterName }) => self,
  check({ clusterName, self = clusterName }, { sites, report }) {
    if (self === undefined || sites === undefined || sites.some(({ cluster }) => cluster === self)) return;
    report(['self'], self, 'must be the "cluster" of one of the sites: that is where this controller runs');
  },
  create: ({ namespace, clusterName, self = clusterName }, ports) =>
    new CnpgTopologyTrigger({
      ports,
      namespace,
      clusterName,
      self,
      sites: ports.sites.all,
      ...(ports.claims !== undefined && { claims: ports.claims }),
    }),
});
