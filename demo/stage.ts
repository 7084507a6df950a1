/** What the demo is played on. Everything is real but the PostgreSQL operator and the DNS provider. */
import { STATUS_CONFIGMAP } from '../contract/names.ts';
import type { CnpgCluster } from '../test/support/cnpg.ts';
import { CnpgOperator, type OperatorTimings } from '../test/support/cnpg-operator.ts';
import { type ControlPlane, startControlPlane } from '../test/support/control-plane.ts';
import { type Controller, startController } from '../test/support/controller.ts';
import { type FaultProxy, startFaultProxy } from '../test/support/fault-proxy.ts';
import type { NamecheapStandIn } from '../test/support/namecheap-server.ts';
import { ensureNamespace, installCnpgCrds } from '../test/support/seed.ts';
import { StatusWatch } from '../test/support/status-watch.ts';
import {
  createClusterOnBothSites,
  dnsSettings,
  SITES,
  startExampleDns,
  ZONE,
} from '../test/support/two-sites.ts';
import { step } from './screen.ts';

export const NAMESPACE = 'site-follower';
const CLUSTER = { namespace: 'postgres', name: 'pg-cluster' };

/** The order of a real switchover, at a pace at which it can be watched. */
const PACE: OperatorTimings = { demoteMs: 900, promoteMs: 900, relabelMs: 400, settleMs: 600 };

const START_LIMIT_MS = 20_000;

export interface Stage {
  readonly plane: ControlPlane;
  /** Between the controller and the API server. */
  readonly proxy: FaultProxy;
  readonly cluster: CnpgCluster;
  readonly operator: CnpgOperator;
  readonly dns: NamecheapStandIn;
  readonly controller: Controller;
  readonly status: StatusWatch;
}

/** Shows its progress. What it starts ends with `ends`, the last first. */
export async function setStage(ends: AsyncDisposableStack): Promise<Stage> {
  const plane = await step('A Kubernetes API server with its etcd', () => startControlPlane());
  ends.defer(() => plane.stop());
  const cluster = await step(
    'Two nodes, one at each site, and a PostgreSQL cluster across both',
    async () => {
      await installCnpgCrds(plane.api);
      await ensureNamespace(plane, NAMESPACE);
      return createClusterOnBothSites(plane, CLUSTER);
    },
  );
  const dns = await step(`A DNS provider with the zone ${ZONE}`, startExampleDns);
  ends.defer(() => dns.stop());
  const proxy = await startFaultProxy(plane);
  ends.defer(() => proxy.stop());
  const status = new StatusWatch(plane.api, { namespace: NAMESPACE, name: STATUS_CONFIGMAP });
  ends.defer(() => status.stop());
  const controller = await step("kube-site-follower's controller", async () => {
    const started = await startController({
      kubeconfig: await plane.kubeconfigFor('admin', { server: proxy.url }),
      namespace: NAMESPACE,
      cluster: CLUSTER,
      sites: SITES,
      settings: dnsSettings(dns),
    });
    ends.defer(() => started.stop());
    await status.until(({ phase }) => phase === 'Settled', START_LIMIT_MS);
    return started;
  });
  return { plane, proxy, cluster, operator: new CnpgOperator(cluster, PACE), dns, controller, status };
}
