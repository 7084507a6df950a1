import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Cluster, HEALTHY } from './cluster.ts';
import { roleInTopology, selfOf, wasReplica } from './topology.ts';

type Replica = NonNullable<NonNullable<Cluster['spec']>['replica']>;

function cluster(replica: Replica | undefined, status: Cluster['status'] = {}): Cluster {
  return { metadata: { name: 'east', namespace: 'pg' }, spec: { ...(replica && { replica }) }, status };
}

describe('the name in a topology', () => {
  test('is that of the Cluster unless it says otherwise', () => {
    assert.equal(selfOf(cluster(undefined)), 'east');
    assert.equal(selfOf(cluster({ primary: 'west' })), 'east');
    assert.equal(selfOf(cluster({ self: 'pg-east', primary: 'west' })), 'pg-east');
  });
});

describe('the role in a topology', () => {
  const seen = (isPrimary: boolean) => ({
    currentPrimary: 'east-1',
    instancesReportedState: { 'east-1': { isPrimary } },
  });
  const cases: [what: string, cluster: Cluster, kind: string, text?: RegExp][] = [
    ['without a topology', cluster(undefined), 'none', /no spec\.replica/],
    ['standalone', cluster({ enabled: true, source: 'west' }), 'replica', /west/],
    ['standalone, detached', cluster({ enabled: false, primary: 'east' }), 'none', /enabled/],
    ['without a primary', cluster({ source: 'west' }), 'replica', /west/],
    ['another is named', cluster({ primary: 'west' }, seen(true)), 'replica', /west/],
    ['it is named', cluster({ primary: 'east' }, seen(true)), 'primary'],
    ['it is named by its name here', cluster({ self: 'pg-east', primary: 'pg-east' }, seen(true)), 'primary'],
    ['its name is not its name here', cluster({ self: 'pg-east', primary: 'east' }), 'replica', /east/],
    [
      'named, token not made use of',
      cluster({ primary: 'east', promotionToken: 't' }, seen(true)),
      'promoting',
      /promotionToken/,
    ],
    [
      'named, an older token made use of',
      cluster({ primary: 'east', promotionToken: 't' }, { ...seen(true), lastPromotionToken: 's' }),
      'promoting',
      /promotionToken/,
    ],
    [
      'named, token made use of',
      cluster({ primary: 'east', promotionToken: 't' }, { ...seen(true), lastPromotionToken: 't' }),
      'primary',
    ],
    ['named, seen as a replica', cluster({ primary: 'east' }, seen(false)), 'promoting', /take writes/],
    [
      'named while it is demoted',
      cluster({ primary: 'east' }, { ...seen(true), switchReplicaClusterStatus: { inProgress: true } }),
      'promoting',
      /demotion/,
    ],
  ];
  for (const [what, given, kind, text] of cases) {
    test(`${what}: ${kind}`, () => {
      const role = roleInTopology(given);
      assert.equal(role.kind, kind);
      if (text !== undefined) assert.match(JSON.stringify(role), text);
    });
  }
});

describe('a Cluster was a replica', () => {
  const seen = (state: { isPrimary?: boolean; timeLineID?: number }, phase = HEALTHY) =>
    wasReplica(
      cluster(
        { primary: 'west' },
        { currentPrimary: 'east-1', phase, instancesReportedState: { 'east-1': state } },
      ),
    );

  test('when the operator has seen it so', () => {
    assert.equal(seen({ isPrimary: false, timeLineID: 2 }), true);
    assert.equal(seen({ isPrimary: true, timeLineID: 2 }), false);
  });

  test('unknown while it has not looked since a failover, or the instance gave no answer', () => {
    assert.equal(seen({ isPrimary: false, timeLineID: 2 }, 'Failing over'), false);
    assert.equal(seen({ isPrimary: false }), false);
  });
});
