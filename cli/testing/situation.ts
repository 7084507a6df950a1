import { CNPG_LABELS } from '../../cnpg/cluster.ts';
import type { SwitchoverState } from '../switchover/plan.ts';
import { SITES, STATUS } from './scene.ts';

const READY = { conditions: [{ type: 'Ready', status: 'True' }] };
const OWNER = { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: 'pg-cluster', uid: 'u' };
const names = ['pg-cluster-1', 'pg-cluster-2', 'pg-cluster-3'];

function instance(name: string, node: string, role: string, isReady = true) {
  const labels = { [CNPG_LABELS.podRole]: 'instance', [CNPG_LABELS.instanceRole]: role };
  return {
    metadata: { namespace: 'postgres', name, labels, ownerReferences: [OWNER] },
    spec: { nodeName: node },
    status: isReady ? READY : {},
  };
}

/** Of three instances, of which one in the west may become the primary. */
export const SITUATION: SwitchoverState = {
  site: 'us-west',
  status: STATUS,
  cluster: {
    metadata: { namespace: 'postgres', name: 'pg-cluster', uid: 'u' },
    spec: { instances: 3 },
    status: {
      phase: 'Cluster in healthy state',
      currentPrimary: names[0] ?? '',
      targetPrimary: names[0] ?? '',
      readyInstances: 3,
      timelineID: 1,
      instancesStatus: { healthy: names },
      instancesReportedState: Object.fromEntries(names.map((name) => [name, { timeLineID: 1 }])),
    },
  },
  pods: [
    instance('pg-cluster-1', 'node-us-east-01', 'primary'),
    instance('pg-cluster-2', 'node-us-west-01', 'replica', false),
    instance('pg-cluster-3', 'node-us-west-02', 'replica'),
  ],
  nodes: Object.values(SITES)
    .flat()
    .map((name) => ({ metadata: { name }, status: READY })),
  backups: [],
  mayPatch: true,
  isLed: true,
  dns: [],
};
