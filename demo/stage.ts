/**
 * What the demo is played on. Everything is real but the PostgreSQL operator, the DNS provider, and the scheduler and
 * kubelets, which run the injected containers only.
 */
import { STATUS_CONFIGMAP } from '../contract/names.ts';
import type { CnpgCluster } from '../test/support/cnpg.ts';
import { CnpgOperator, type OperatorTimings } from '../test/support/cnpg-operator.ts';
import { type ControlPlane, startControlPlane } from '../test/support/control-plane.ts';
import { type ControllerProcess, startController } from '../test/support/controller-process.ts';
import { type FaultProxy, startFaultProxy } from '../test/support/fault-proxy.ts';
import type { FakeNamecheap } from '../test/support/namecheap/fake-namecheap.ts';
import { type InjectedWeb, startInjectedWeb } from '../test/support/pod-runner/injected-web.ts';
import { ensureNamespace, installCnpgCrds } from '../test/support/seed.ts';
import { letSidecarsRead } from '../test/support/sidecar-access.ts';
import { StatusWatch } from '../test/support/status-watch.ts';
import {
  createClusterOnBothSites,
  dnsSettings,
  followSettings,
  siteOf,
  startExampleDns,
  ZONE,
} from '../test/support/two-sites.ts';
import { step } from './screen.ts';
import { startWebhook } from './webhook.ts';

export const NAMESPACE = 'site-follower';
/** Of the application. */
const SHOP = 'shop';
const PODS = 4;
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
  readonly dns: FakeNamecheap;
  readonly controller: ControllerProcess;
  readonly status: StatusWatch;
  readonly web: InjectedWeb;
}

/** Shows its progress. What it starts ends with `ends`, the last first. */
export async function setStage(ends: AsyncDisposableStack): Promise<Stage> {
  const plane = await step('A Kubernetes control plane: etcd, API server, controller manager', () =>
    startControlPlane({ controllers: true }),
  );
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
    const kubeconfig = await plane.kubeconfigFor('admin', { server: proxy.url });
    const settings = { ...followSettings(kubeconfig, NAMESPACE, CLUSTER), ...dnsSettings(dns) };
    const started = await startController(settings);
    ends.defer(() => started.stop());
    await status.until(({ phase }) => phase === 'Settled', START_LIMIT_MS);
    return started;
  });
  await step('Its webhook', async () => {
    await letSidecarsRead(plane, { namespace: NAMESPACE, name: STATUS_CONFIGMAP });
    await startWebhook(plane, NAMESPACE, ends);
  });
  const web = await step(`A Deployment with ${PODS} pods, labelled site-follower/inject=true`, async () => {
    await ensureNamespace(plane, SHOP);
    const started = await startInjectedWeb(plane, ends, {
      namespace: SHOP,
      name: 'web',
      replicas: PODS,
      mode: 'readiness',
    });
    await started.untilRoutedTo(siteOf(cluster, cluster.instance(0)));
    return started;
  });
  return { plane, proxy, cluster, operator: new CnpgOperator(cluster, PACE), dns, controller, status, web };
}
