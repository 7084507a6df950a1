import { CLUSTERS, type Cluster } from '../../cnpg/cluster.ts';
import { type Config, loadConfig } from '../../controller/config.ts';
import { createLog } from '../../controller/log.ts';
import { createMetrics } from '../../controller/metrics.ts';
import type { ControllerPorts } from '../../controller/ports.ts';
import { NamecheapProvider } from '../../dns/providers/namecheap/provider.ts';
import { ZoneLocks } from '../../dns/zones/zone-locks.ts';
import { type KubeEvent, NODES, PODS, type Pod } from '../../kubernetes/resources.ts';
import { FakeCluster, OPS } from './fake-cluster.ts';
import { FakeNamecheapApi } from './namecheap/fake-api.ts';

export const PG = { namespace: 'pg', name: 'pg-cluster' };
export const STATUS_MAP = { namespace: OPS, name: 'kube-site-follower-status' };
export const REPORT_MAP = { namespace: OPS, name: 'kube-site-follower-report' };

const READY = [{ type: 'Ready', status: 'True' }];
const SITES = [
  { name: 'us', nodeName: 'us-1', ip: '192.0.2.1' },
  { name: 'eu', nodeName: 'eu-1', ip: '192.0.2.2' },
];

/** A cluster in memory with two sites, and with a Cluster whose primary pg-1 is in `us` and whose replica pg-2 in `eu`. */
export class FollowerScene extends FakeCluster {
  /** What was logged, one object for each line. */
  readonly log: Record<string, unknown>[] = [];
  readonly metrics = createMetrics('test');
  readonly zone = new FakeNamecheapApi({ db: '192.0.2.1', www: '192.0.2.99' });

  constructor() {
    super([OPS, PG.namespace, 'app']);
    for (const name of ['us-1', 'eu-1', 'moon-1']) {
      this.create(NODES, { metadata: { name }, status: { conditions: READY } });
    }
    this.create<Cluster>(CLUSTERS, {
      metadata: PG,
      spec: { instances: 2 },
      status: {
        currentPrimary: 'pg-1',
        targetPrimary: 'pg-1',
        phase: 'Cluster in healthy state',
        readyInstances: 2,
        timelineID: 1,
        instancesStatus: { healthy: ['pg-1', 'pg-2'] },
        instancesReportedState: { 'pg-2': { timeLineID: 1 } },
      },
    });
    this.createPod('pg-1', 'us-1');
    this.createPod('pg-2', 'eu-1');
  }

  createPod(name: string, nodeName: string): void {
    const { uid = '' } = this.server.get(CLUSTERS, PG).metadata;
    const owner = { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: PG.name, uid };
    const instanceRole = name === 'pg-1' ? 'primary' : 'replica';
    const labels = {
      'cnpg.io/cluster': PG.name,
      'cnpg.io/podRole': 'instance',
      'cnpg.io/instanceRole': instanceRole,
    };
    const metadata = { namespace: PG.namespace, name, labels, ownerReferences: [owner] };
    this.create<Pod>(PODS, { metadata, spec: { nodeName }, status: { conditions: READY } });
  }

  /** The operator has made this pod the primary. */
  moveTo(pod: string): void {
    const status = {
      currentPrimary: pod,
      targetPrimary: pod,
      currentPrimaryTimestamp: new Date(this.clock.now()).toISOString(),
    };
    this.change(CLUSTERS, { metadata: PG, status });
  }

  servicePorts(identity = 'replica-a', restartedAt = ''): ControllerPorts {
    const write = (line: string) => this.log.push(JSON.parse(line) as Record<string, unknown>);
    return {
      ...this.watchPorts,
      log: createLog({ level: 'info', destination: { write } }),
      metrics: this.metrics,
      identity,
      namespace: OPS,
      restartedAt,
      createProvider: (_config, ports) =>
        Promise.resolve(new NamecheapProvider({ ...ports, api: this.zone })),
      lookup: () => Promise.resolve([]),
      locks: new ZoneLocks(),
      post: () => Promise.resolve({ status: 204, retryAfterMs: undefined }),
    };
  }

  /** The value of a series such as `epoch{follower="default"}`; undefined when it is not exposed. */
  async metric(series: string): Promise<number | undefined> {
    const text = await this.metrics.expose();
    const line = text.split('\n').find((each) => each.startsWith(`kube_site_follower_${series} `));
    return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ')));
  }

  /** The Events, in the order of their making. */
  events(): KubeEvent[] {
    return this.changes.flatMap(({ resource, after }) =>
      resource.plural === 'events' ? [after as KubeEvent] : [],
    );
  }

  logged(message: string): Record<string, unknown>[] {
    return this.log.filter(({ msg }) => msg === message);
  }
}

/** The configuration of a follower without DNS; `env` comes on top. */
export function serviceConfig(env: Readonly<Record<string, string>> = {}): Config {
  const variables = {
    SITES: JSON.stringify(SITES),
    CNPG_NAMESPACE: PG.namespace,
    CNPG_CLUSTER_NAME: PG.name,
    POD_NAMESPACE: OPS,
    ...env,
  };
  const loaded = loadConfig(variables, () => '');
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.value;
}
