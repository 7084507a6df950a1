import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { CLUSTERS, type Cluster } from '../../cnpg/cluster.ts';
import { FakeCluster, script } from '../../test/support/fake-cluster.ts';
import { CommandError } from '../exit-codes.ts';
import { SITUATION } from '../testing/situation.ts';
import { promote } from './promote.ts';

const NOW = '2026-01-02T03:04:05.678Z';
const { cluster } = SITUATION;
const KEY = { namespace: 'postgres', name: 'pg-cluster' };
let kube: FakeCluster;

beforeEach(() => {
  kube = new FakeCluster(['postgres']);
  kube.create<Cluster>(CLUSTERS, { ...cluster, metadata: KEY });
});

/** As `look` gives it: the Cluster as it is now, and of the rest what fits it. */
async function look() {
  const now = await kube.api.get(CLUSTERS, KEY);
  const { uid = '' } = now.metadata;
  const pods = SITUATION.pods.map(({ metadata, ...pod }) => ({
    ...pod,
    metadata: {
      ...metadata,
      ownerReferences: metadata.ownerReferences?.map((owner) => ({ ...owner, uid })) ?? [],
    },
  }));
  return { ...SITUATION, cluster: now, pods };
}

const promoted = () => kube.clock.settled(promote(kube.api, look, 'pg-cluster-3', NOW), 10_000);

const target = () => kube.server.get<Cluster>(CLUSTERS, KEY).status?.targetPrimary;

test('the one patch is sent to the Cluster as it was judged', async () => {
  assert.equal(await promoted(), NOW);
  assert.deepEqual([target(), kube.count('patch clusters')], ['pg-cluster-3', 1]);
});

test('a patch that a balancer sent twice is known for our own, and not sent again', async () => {
  kube.judge = script('patch', 'clusters', ['sent twice']);
  assert.equal(await promoted(), NOW);
  assert.deepEqual([target(), kube.count('patch clusters')], ['pg-cluster-3', 1]);
});

test('a Cluster that was changed meanwhile is judged again', async () => {
  kube.judge = ({ verb }) => {
    if (verb !== 'patch') return undefined;
    kube.judge = () => undefined;
    kube.change(CLUSTERS, { metadata: KEY, status: { targetPrimary: 'pg-cluster-2' } });
    return undefined;
  };
  await assert.rejects(
    promoted(),
    (error) => error instanceof CommandError && /targetPrimary "pg-cluster-2"/.test(error.message),
  );
  assert.equal(target(), 'pg-cluster-2');
});
