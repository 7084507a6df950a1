/**
 * The command line's own switchover, there and back, on a real Kubernetes with a real CloudNativePG. E2E_KUBECONFIG names
 * a cluster with nodes in two zones and a healthy Cluster `pg-cluster` in namespace `postgres`.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { SwitchoverView } from '../../cli/commands/switchover.ts';
import { CLUSTERS } from '../../controller/triggers/cnpg/cluster.ts';
import { isAlreadyExists } from '../../kubernetes/errors.ts';
import { NAMESPACES, NODES } from '../../kubernetes/resources.ts';
import { runCli } from '../support/cli.ts';
import { connectAs } from '../support/control-plane-access.ts';
import { type ControllerProcess, startController } from '../support/controller-process.ts';
import { until } from '../support/until.ts';

const NAMESPACE = 'site-follower-switchover';
const CLUSTER = { namespace: 'postgres', name: 'pg-cluster' };
const ZONE_LABEL = 'topology.kubernetes.io/zone';
const { E2E_KUBECONFIG: kubeconfig = '' } = process.env;
const skip = kubeconfig === '' && 'E2E_KUBECONFIG names no cluster: see docs/testing.md';
const HEALTHY_MS = 180_000;

describe('kubectl site-follower switchover on a real cluster', { skip, concurrency: false }, () => {
  const api = skip ? undefined : connectAs(kubeconfig);
  const sites = new Map<string, string[]>();
  let controller: ControllerProcess | undefined;

  before(async () => {
    assert.ok(api);
    for (const { metadata } of (await api.list(NODES)).items) {
      const zone = metadata.labels?.[ZONE_LABEL];
      if (zone !== undefined) sites.set(zone, [...(sites.get(zone) ?? []), metadata.name]);
    }
    await api.create(NAMESPACES, { metadata: { name: NAMESPACE } }).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error; // Left by a run that was killed.
    });
    controller = await startController({
      KUBECONFIG: kubeconfig,
      POD_NAMESPACE: NAMESPACE,
      SITES: JSON.stringify([...sites].map(([name, nodeNames]) => ({ name, nodeNames }))),
    });
  });

  after(async () => {
    await controller?.stop();
    await api?.delete(NAMESPACES, { name: NAMESPACE });
    await api?.close();
  });

  for (const way of ['there', 'and back']) {
    test(`${way}: all have followed, and it says when`, { timeout: 600_000 }, async (t) => {
      assert.ok(api);
      await healthy();
      const env = { KUBECONFIG: kubeconfig };
      const look = await until(
        'the status is there',
        async () => {
          const { code, out } = await runCli(['status', '-n', NAMESPACE, '-o', 'json'], env);
          if (code !== 0) return undefined;
          const [follower] = (
            JSON.parse(out) as { followers: { status: { phase: string; activeSite: string } }[] }
          ).followers;
          return follower?.status.phase === 'Settled' ? follower.status : undefined;
        },
        { timeoutMs: HEALTHY_MS },
      );
      const to = [...sites.keys()].find((site) => site !== look.activeSite) ?? '';
      // After a failover, a replica tells of the new timeline with its next restart point, minutes later.
      await until(
        'nothing is in the way',
        async () => {
          const { code, out } = await runCli(['switchover', '--to', to, '-n', NAMESPACE, '--dry-run'], env);
          if (code !== 0) throw new Error(out);
          return true;
        },
        { timeoutMs: HEALTHY_MS },
      );
      const { code, out, err } = await runCli(
        ['switchover', '--to', to, '-n', NAMESPACE, '--yes', '-o', 'json'],
        env,
      );
      assert.deepEqual([code, err], [0, ''], out);
      const view = JSON.parse(out) as SwitchoverView;
      t.diagnostic(
        `${view.from} → ${view.target} in ${to}: ${view.milestones.map(({ name, ms }) => `${name} ${ms} ms`).join(', ')}`,
      );
      assert.deepEqual(
        view.milestones.filter(({ ms }) => ms === null),
        [],
      );
      assert.equal((await api.get(CLUSTERS, CLUSTER)).status?.currentPrimary, view.target);
    });
  }

  function healthy(): Promise<unknown> {
    return until(
      'the Cluster is healthy',
      async () => {
        const cluster = await api?.get(CLUSTERS, CLUSTER);
        const { phase, readyInstances } = cluster?.status ?? {};
        return (
          (phase === 'Cluster in healthy state' && readyInstances === cluster?.spec?.instances) || undefined
        );
      },
      { timeoutMs: HEALTHY_MS },
    );
  }
});
