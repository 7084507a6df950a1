import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../kubernetes/api.ts';
import { FakeApi, page } from '../../kubernetes/testing/fake-api.ts';
import { published } from '../cluster/followers.ts';
import { reportMap, statusMap } from '../testing/scene.ts';
import { FOLLOWED } from './followed.ts';
import { World } from './world.ts';

test('a new database that no node takes is why there is no primary', async () => {
  const api = new FakeApi();
  const message = "0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind.";
  const pod = {
    metadata: { namespace: 'postgres', name: 'pg-cluster-1-initdb' },
    status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', message }] },
  };
  const labelSelector = 'cnpg.io/cluster=pg-cluster';
  api.onList = (options) =>
    page(options.labelSelector === labelSelector && options.namespace === 'postgres' ? [pod] : [], '1');
  const cluster: KubeObject = { metadata: { namespace: 'postgres', name: 'pg-cluster' } };
  api.get = async <T extends KubeObject>() => cluster as T;
  const trigger = { kind: 'cnpg', namespace: 'postgres', clusterName: 'pg-cluster' };
  const world = new World({
    api,
    clock: { now: () => 0, elapsed: () => 0, after: () => () => undefined },
    abort: new AbortController().signal,
    followers: published([statusMap(), reportMap({ trigger })]),
  });
  const { findings } = await FOLLOWED.find(world);
  assert.deepEqual(
    findings.map(({ severity, about, text }) => [severity, about, text]),
    [['problem', 'Pod postgres/pg-cluster-1-initdb', `it has no node: ${message}`]],
  );
});
