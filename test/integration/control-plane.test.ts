import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { CLUSTERS } from '../../cnpg/cluster.ts';
import { isForbidden, isGone, isNotFound, KubeError } from '../../kubernetes/errors.ts';
import { CONFIG_MAPS, PODS } from '../../kubernetes/resources.ts';
import { createCnpgCluster } from '../support/cnpg.ts';
import { CnpgOperator, INSTANT } from '../support/cnpg-operator.ts';
import { startControlPlane } from '../support/control-plane.ts';
import { connectAs } from '../support/control-plane-access.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { createNamespace, createNodes } from '../support/seed.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';

const shared = await sharedControlPlane();

describe('the shared control plane', () => {
  test('runs pods on the nodes that they name, and gives each Cluster its UID', async () => {
    const { api } = shared;
    const namespace = await createNamespace(shared);
    await createNodes(api, [{ name: 'node-a' }, { name: 'node-b' }]);
    const cluster = await createCnpgCluster({ api, namespace, name: 'pg', nodes: ['node-a', 'node-b'] });
    const pod = await api.get(PODS, { namespace, name: 'pg-2' });
    assert.equal(pod.spec?.nodeName, 'node-b');
    assert.equal(pod.metadata.ownerReferences?.[0]?.uid, cluster.uid);
    assert.equal((await cluster.get()).status?.currentPrimary, 'pg-1');
  });

  test('refuses a Cluster that its CRD does not allow', async () => {
    const namespace = await createNamespace(shared);
    const cluster = { metadata: { namespace, name: 'pg' }, spec: { instances: 0 } };
    const refused = (error: unknown) => error instanceof KubeError && error.status === 422;
    await assert.rejects(shared.api.create(CLUSTERS, cluster), refused);
  });

  test('lets a user without rights do nothing', async () => {
    const api = connectAs(await shared.kubeconfigFor({ name: 'nobody' }));
    after(() => api.close());
    await assert.rejects(api.list(CONFIG_MAPS, { namespace: 'default' }), isForbidden);
  });
});

describe('the fault proxy in front of it', async () => {
  const proxy = await startFaultProxy(shared);
  after(() => proxy.stop());

  test('leaves everybody the rights that they have', async () => {
    const target = { server: proxy.url };
    const admin = connectAs(await shared.kubeconfigFor('admin', target));
    const viewer = connectAs(
      await shared.kubeconfigFor({ name: 'x', groups: ['a', 'system:monitoring'] }, target),
    );
    after(() => Promise.all([admin.close(), viewer.close()]));
    await admin.list(CONFIG_MAPS, { namespace: 'default' });
    await assert.rejects(viewer.list(CONFIG_MAPS, { namespace: 'default' }), isForbidden);
  });

  test('is seen as an expired list by the client', async () => {
    const api = connectAs(await shared.kubeconfigFor('admin', { server: proxy.url }));
    after(() => api.close());
    const stop = proxy.inject({ verbs: ['list'] }, { kind: 'answer', status: 410 });
    await assert.rejects(api.list(CONFIG_MAPS, { namespace: 'default' }), isGone);
    stop();
    await api.list(CONFIG_MAPS, { namespace: 'default' });
  });
});

describe('the fake for the operator', () => {
  const seed = async () => {
    const { api } = shared;
    const namespace = await createNamespace(shared);
    await createNodes(api, [{ name: 'node-a' }, { name: 'node-b' }]);
    return createCnpgCluster({ api, namespace, name: 'pg', nodes: ['node-a', 'node-b'] });
  };

  const roles = async (cluster: Awaited<ReturnType<typeof seed>>) => {
    const { items } = await cluster.api.list(PODS, cluster);
    return items.map(({ metadata }) => metadata.labels?.['cnpg.io/instanceRole']);
  };

  for (const kind of ['switchover', 'failover'] as const) {
    test(`moves the primary by ${kind}, passing through what the operator writes`, async () => {
      const cluster = await seed();
      const { resourceVersion = '' } = (await cluster.get()).metadata;
      const move = await new CnpgOperator(cluster, INSTANT)[kind]('pg-2');
      assert.deepEqual([move.from, move.to], ['pg-1', 'pg-2']);
      const steps: string[] = [];
      const { namespace, api } = cluster;
      for await (const { object } of api.watch(CLUSTERS, {
        namespace,
        resourceVersion,
        timeoutSeconds: 10,
      })) {
        const { currentPrimary, targetPrimary, phase = '' } = object.status ?? {};
        steps.push(`${currentPrimary} ${targetPrimary}`);
        if (phase === 'Cluster in healthy state') break;
      }
      const begin = kind === 'switchover' ? [] : ['pg-1 pending'];
      assert.deepEqual(steps, [...begin, 'pg-1 pg-2', 'pg-2 pg-2', 'pg-2 pg-2']);
      assert.deepEqual(await roles(cluster), ['replica', 'primary']);
    });
  }

  test('completes a switchover that somebody else began', async () => {
    const cluster = await seed();
    const stop = new AbortController();
    const problems: string[] = [];
    const obeying = new CnpgOperator(cluster).obey(stop.signal, (text) => problems.push(text));
    await cluster.setStatus({ targetPrimary: 'pg-2' });
    await until(
      'pg-2 is the primary and the labels follow',
      async () => (await roles(cluster)).join() === 'replica,primary' || undefined,
      { timeoutMs: 10_000 },
    );
    stop.abort();
    await obeying;
    assert.deepEqual(problems, []);
  });
});

describe('a control plane of its own', async () => {
  const plane = await startControlPlane({ controllers: true });
  const config = { namespace: 'default', name: 'kept' };

  test('keeps its data when the API server is restarted', async () => {
    await plane.api.create(CONFIG_MAPS, { metadata: config, data: { a: '1' } });
    await plane.stopApiServer();
    await assert.rejects(
      plane.api.get(CONFIG_MAPS, config),
      (error) => error instanceof KubeError && error.status === 0,
    );
    await plane.startApiServer();
    assert.deepEqual((await plane.api.get(CONFIG_MAPS, config)).data, { a: '1' });
  });

  test('answers no write while etcd is paused, and goes on afterwards', async () => {
    const write = (value: string) =>
      plane.api.patch(CONFIG_MAPS, config, { data: { a: value } }, { type: 'merge', timeoutMs: 2_000 });
    plane.pauseEtcd();
    await assert.rejects(write('2'), (error) => error instanceof KubeError && error.status === 0);
    plane.resumeEtcd();
    await until('a write is answered', () => write('3'), { timeoutMs: 30_000 });
    assert.equal((await plane.api.get(CONFIG_MAPS, config)).data?.a, '3');
  });

  test('knows nothing of CloudNativePG before it is installed', async () => {
    await assert.rejects(plane.api.list(CLUSTERS), isNotFound);
  });

  test('leaves nothing behind when it is stopped', async () => {
    const pids = Object.values(plane.pids);
    assert.equal(pids.length, 3);
    await plane.stop();
    assert.equal(existsSync(plane.folder), false);
    for (const pid of pids) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  });
});
