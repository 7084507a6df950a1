import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { CLUSTERS, type Cluster, HEALTHY } from '../../../cnpg/cluster.ts';
import { Claims } from '../../../dns/claims/claims.ts';
import { PODS } from '../../../kubernetes/resources.ts';
import { APP, TriggerScene } from '../../../test/support/trigger-scene.ts';
import type { Observation, Unknown } from '../trigger.ts';

const KEY = { namespace: APP, name: 'db' };
const SETTINGS = { kind: 'cnpg-topology', namespace: APP, clusterName: 'db', self: 'pg-east' };
const SITES = [
  { name: 'east', cluster: 'pg-east' },
  { name: 'west', cluster: 'pg-west' },
];
const PRIMARY = {
  currentPrimary: 'db-1',
  targetPrimary: 'db-1',
  instancesReportedState: { 'db-1': { isPrimary: true } },
};

let kube: TriggerScene;

beforeEach(() => {
  kube = new TriggerScene();
  kube.configure(SETTINGS, SITES);
  kube.create<Cluster>(CLUSTERS, { metadata: KEY, status: PRIMARY });
  const { uid = '' } = kube.server.get(CLUSTERS, KEY).metadata;
  kube.create(PODS, {
    metadata: {
      namespace: APP,
      name: 'db-1',
      labels: { 'cnpg.io/cluster': 'db' },
      ownerReferences: [{ apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: 'db', uid }],
    },
    spec: { nodeName: 'us-1' },
  });
  setReady('True');
});

afterEach(() => kube.end());

type Replica = NonNullable<NonNullable<Cluster['spec']>['replica']>;
const setReplica = (replica: Replica, status: Cluster['status'] = {}) =>
  kube.change(CLUSTERS, {
    metadata: KEY,
    spec: { replica: { self: 'pg-east', source: 'pg-west', ...replica } },
    status,
  });
const setReady = (status: 'True' | 'False') =>
  kube.change(PODS, {
    metadata: { namespace: APP, name: 'db-1' },
    status: { conditions: [{ type: 'Ready', status }] },
  });

function claimsOfEast(remember = () => Promise.resolve()): Claims {
  const ignore = () => undefined;
  const own = { owner: 'pg-east', site: 'east', follower: 'default' };
  return new Claims({
    ...own,
    memory: undefined,
    onChange: ignore,
    onRival: ignore,
    remember,
    elapsed: () => 0,
  });
}

function unknownIn(observation: Observation): Unknown {
  assert.ok(observation.kind === 'unknown');
  return observation;
}

describe('a Cluster of a distributed topology', () => {
  test('is followed to its node when it is the primary', async () => {
    setReplica({ primary: 'pg-east' });
    assert.equal(await kube.look(), 'db-1@us-1');
  });

  test('stands by as soon as another is named, though its instance still takes writes', async () => {
    setReplica({ primary: 'pg-west' });
    assert.equal(await kube.look(), 'pg-west@west');
  });

  test('stands by for one that is no site', async () => {
    setReplica({ primary: 'pg-south' });
    assert.equal(await kube.look(), 'pg-south@pg-south');
  });

  test('is not active before each step of its promotion is done', async () => {
    const seen = (isPrimary: boolean) => ({ instancesReportedState: { 'db-1': { isPrimary } } });
    setReplica({ primary: 'pg-west' }, seen(false));
    assert.equal(await kube.look(), 'pg-west@west');
    setReplica({ primary: 'pg-east', promotionToken: 'token' });
    assert.equal(await kube.look(), 'PromotionPending');
    setReplica({ primary: 'pg-east' }, { lastPromotionToken: 'token' });
    assert.equal(await kube.look(), 'PromotionPending', 'its instance was not seen as a primary');
    setReady('False');
    setReplica({ primary: 'pg-east' }, seen(true));
    assert.equal(await kube.look(), 'PrimaryNotReady');
    setReady('True');
    assert.equal(await kube.look(), 'db-1@us-1');
  });

  test('says while it is promoted that it moves, and which step is missing', async () => {
    setReplica({ primary: 'pg-east', promotionToken: 'token' });
    assert.deepEqual(await kube.observe(), {
      kind: 'unknown',
      reason: 'PromotionPending',
      message:
        'Cluster app/db is to become the primary, but it has not received all that spec.replica.promotionToken tells of (status.lastPromotionToken)',
      movingTo: 'pg-east',
      left: { from: 'east', primary: 'pg-west', site: 'west' },
    });
  });

  test('has not left its site when the operator has not seen the new instance after a failover', async () => {
    kube.claims = claimsOfEast();
    setReplica({ primary: 'pg-east' });
    assert.equal(await kube.look(), 'db-1@us-1');
    setReplica({ primary: 'pg-east' }, { instancesReportedState: { 'db-1': { isPrimary: false } } });
    const { reason, left } = unknownIn(await kube.observe());
    assert.deepEqual([reason, left], ['PromotionPending', undefined]);
  });

  test('has left its site when a demotion during a failover has left no trace but a replica', async () => {
    kube.claims = claimsOfEast();
    setReplica({ primary: 'pg-east' });
    assert.equal(await kube.look(), 'db-1@us-1');
    const seen = { 'db-1': { isPrimary: false, timeLineID: 3 } };
    setReplica({ primary: 'pg-east' }, { phase: 'Failing over', instancesReportedState: seen });
    assert.equal(unknownIn(await kube.observe()).left, undefined);
    setReplica({ primary: 'pg-east' }, { phase: HEALTHY, instancesReportedState: seen });
    assert.equal(unknownIn(await kube.observe()).left?.site, 'west');
  });

  test('is active only when the next leader knows that it was promoted, and it is still so then', async () => {
    let calls = 0;
    kube.claims = claimsOfEast(() => {
      calls += 1;
      setReplica({ primary: 'pg-west' });
      return Promise.resolve();
    });
    setReplica({ primary: 'pg-east' });
    assert.equal(await kube.look(), 'pg-west@west');
    assert.equal(calls, 1);
  });

  describe('that is overtaken', () => {
    const failingOver = {
      currentPrimary: 'db-2',
      targetPrimary: 'db-2',
      phase: 'Failing over',
      instancesReportedState: { 'db-2': { isPrimary: false, timeLineID: 1 } },
    };
    let claims: Claims;

    beforeEach(async () => {
      claims = claimsOfEast();
      kube.claims = claims;
      setReplica({ primary: 'pg-east' }, reported('db-1', 1));
      await kube.look();
    });

    const reported = (name: string, timeLineID: number) => ({
      currentPrimary: name,
      targetPrimary: name,
      phase: HEALTHY,
      instancesReportedState: { [name]: { isPrimary: true, timeLineID } },
    });
    const findClaim = () =>
      claims.observe('example.com', {
        name: 'any',
        type: 'TXT',
        ttl: 60,
        values: ['v=site-follower1; owner=pg-west; site=west; timeline=2; epoch=2'],
      });

    test('stands by also when it was deleted, to be made anew', async () => {
      kube.server.delete('test', CLUSTERS, KEY, {});
      assert.equal(await kube.look(), 'ClusterNotFound', 'nobody else has claimed anything');
      findClaim();
      const observation = await kube.observe();
      assert.ok(observation.kind === 'located');
      assert.deepEqual([observation.site, observation.hold?.reason], ['west', 'ClusterNotFound']);
    });

    test('stands by also while a failover of its own is under way', async () => {
      findClaim();
      setReplica({ primary: 'pg-east' }, failingOver);
      assert.equal(await kube.look(), 'pg-west@west');
    });

    test('is not promoted anew by a failover during which another one was named', async () => {
      findClaim();
      setReplica({ primary: 'pg-west' }, failingOver);
      await kube.look();
      setReplica({ primary: 'pg-east' }, reported('db-2', 3));
      assert.equal(await kube.look(), 'pg-west@west');
    });
  });

  test('has left its site when it was demoted while nobody observed it', async () => {
    kube.claims = claimsOfEast();
    setReplica({ primary: 'pg-east' });
    assert.equal(await kube.look(), 'db-1@us-1');
    setReplica(
      { primary: 'pg-east', promotionToken: 'token' },
      {
        instancesReportedState: { 'db-1': { isPrimary: false } },
        conditions: [
          { type: 'ReplicaClusterSwitch', status: 'True', lastTransitionTime: '2030-01-01T00:00:00Z' },
        ],
      },
    );
    assert.equal(unknownIn(await kube.observe()).left?.site, 'west');
  });

  test('is held outside of a topology, and under another name', async () => {
    assert.equal(await kube.look(), 'NotInTopology');
    setReplica({ self: 'pg-west', primary: 'pg-west' });
    assert.equal(await kube.look(), 'NotInTopology');
  });

  test('wakes for what decides', async () => {
    setReplica({ primary: 'pg-west' });
    await kube.watch();
    assert.equal(await kube.wakesBy(() => setReplica({ primary: 'pg-east', promotionToken: 't' })), true);
    assert.equal(
      await kube.wakesBy(() => setReplica({ primary: 'pg-east' }, { lastPromotionToken: 't' })),
      true,
    );
    const reportedState = { instancesReportedState: { 'db-1': { isPrimary: true, timeLineID: 7 } } };
    assert.equal(await kube.wakesBy(() => setReplica({ primary: 'pg-east' }, reportedState)), true);
    assert.equal(await kube.wakesBy(() => setReady('False')), true);
    assert.equal(await kube.wakesBy(() => setReplica({ primary: 'pg-west' })), true);
    const replica = { instancesReportedState: { 'db-1': { isPrimary: false, timeLineID: 7 } } };
    const seen = (phase: string) => setReplica({ primary: 'pg-west' }, { ...replica, phase });
    await kube.wakesBy(() => seen('Failing over'));
    assert.equal(await kube.wakesBy(() => seen(HEALTHY)), true, 'it counts as a replica only now');
  });
});
