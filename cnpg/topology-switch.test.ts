import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cluster } from './cluster.ts';
import { demotionPatch, nextStep, topologyPromotionPatch } from './topology-switch.ts';

type Replica = NonNullable<NonNullable<Cluster['spec']>['replica']>;

/** As the operator writes it: base64 of JSON. */
function token(timeline: number, lsn: string): string {
  const content = { latestCheckpointTimelineID: String(timeline), latestCheckpointREDOLocation: lsn };
  return Buffer.from(JSON.stringify({ ...content, databaseSystemIdentifier: '7' })).toString('base64');
}

function cluster(
  name: string,
  replica: Replica,
  { isPrimary, ...status }: NonNullable<Cluster['status']> & { readonly isPrimary?: boolean } = {},
): Cluster {
  const seen = isPrimary === undefined ? {} : { [`${name}-1`]: { isPrimary } };
  return {
    metadata: { namespace: 'pg', name, resourceVersion: '7' },
    spec: { replica },
    status: { currentPrimary: `${name}-1`, instancesReportedState: seen, ...status },
  };
}

const AT_EAST = { primary: 'east' };
const AT_WEST = { primary: 'west' };
const EAST_PRIMARY = cluster('east', AT_EAST, { isPrimary: true, timelineID: 1 });
const WEST_REPLICA = cluster('west', AT_EAST, { isPrimary: false });
const demoted = (name: string, primary: string, timelineID: number, lsn: string, status = {}) =>
  cluster(
    name,
    { primary },
    { isPrimary: false, timelineID, demotionToken: token(timelineID, lsn), ...status },
  );
const EAST_TOKEN = token(1, '0/5000028');
const EAST_DEMOTED = demoted('east', 'west', 1, '0/5000028');

describe('the next step of a switchover between two Clusters', () => {
  const cases: readonly (readonly [what: string, from: Cluster, to: Cluster, step: object | RegExp])[] = [
    ['at the beginning', EAST_PRIMARY, WEST_REPLICA, { kind: 'demote' }],
    [
      'named, and still seen to take writes',
      cluster('east', AT_WEST, { isPrimary: true, timelineID: 1 }),
      WEST_REPLICA,
      { kind: 'await-demotion' },
    ],
    [
      'shut down, its operator not done',
      demoted('east', 'west', 1, '0/5000028', { switchReplicaClusterStatus: { inProgress: true } }),
      WEST_REPLICA,
      { kind: 'await-demotion' },
    ],
    [
      'nobody has seen it since',
      cluster('east', AT_WEST, { timelineID: 1 }),
      WEST_REPLICA,
      { kind: 'await-demotion' },
    ],
    ['demoted', EAST_DEMOTED, WEST_REPLICA, { kind: 'promote', token: EAST_TOKEN }],
    [
      'promoted in its specification',
      EAST_DEMOTED,
      cluster('west', { ...AT_WEST, promotionToken: EAST_TOKEN }, { isPrimary: false }),
      { kind: 'await-promotion' },
    ],
    [
      'promoted',
      EAST_DEMOTED,
      cluster('west', { ...AT_WEST, promotionToken: 't' }, { isPrimary: true, lastPromotionToken: 't' }),
      { kind: 'done' },
    ],
    // East was demoted on timeline 1, and west, promoted on 2, now as well.
    [
      'back, where the target keeps the token of its own demotion before',
      demoted('west', 'east', 2, '0/6000028'),
      EAST_DEMOTED,
      { kind: 'promote', token: token(2, '0/6000028') },
    ],
    [
      'back, where the one that was demoted has not said so yet',
      cluster('west', AT_EAST, { timelineID: 2 }),
      EAST_DEMOTED,
      { kind: 'await-demotion' },
    ],
    ['taken back before anybody was promoted', WEST_REPLICA, EAST_DEMOTED, { kind: 'take-back' }],
    [
      'taken back while the demotion goes on: it would stay fenced',
      WEST_REPLICA,
      cluster('east', AT_WEST, { isPrimary: true, timelineID: 1 }),
      { kind: 'await-demotion' },
    ],
    [
      'two tokens of one timeline: the later one counts',
      demoted('east', 'west', 3, 'A/0'),
      demoted('west', 'east', 3, '9/FFFFFFFF'),
      { kind: 'promote', token: token(3, 'A/0') },
    ],
    [
      'a token that is none',
      cluster('east', AT_WEST, { demotionToken: 'x' }),
      WEST_REPLICA,
      { kind: 'await-demotion' },
    ],
    [
      'both named by themselves',
      EAST_PRIMARY,
      cluster('west', AT_WEST, { isPrimary: true }),
      /both name themselves/,
    ],
    ['no topology', cluster('east', { enabled: false, source: 'x' }), WEST_REPLICA, /spec\.replica\.enabled/],
    ['demoted for a third one', demoted('east', 'south', 1, '0/1'), WEST_REPLICA, /in favour of south/],
    [
      'one that is being promoted itself',
      cluster('east', { ...AT_EAST, promotionToken: 't' }, { isPrimary: false }),
      WEST_REPLICA,
      /being promoted itself/,
    ],
  ];
  for (const [what, from, to, wanted] of cases) {
    test(what, () => {
      const step = nextStep({ from, to });
      if (wanted instanceof RegExp) {
        assert.equal(step.kind, 'refused');
        assert.match('why' in step ? step.why : '', wanted);
      } else assert.partialDeepStrictEqual(step, wanted);
    });
  }
});

test('the patches are refused where somebody has changed the Cluster, and give primary and token at once', () => {
  assert.deepEqual(demotionPatch(EAST_PRIMARY, 'west'), {
    metadata: { resourceVersion: '7' },
    spec: { replica: { primary: 'west', source: 'west', promotionToken: null } },
  });
  assert.deepEqual(topologyPromotionPatch(WEST_REPLICA, EAST_TOKEN), {
    metadata: { resourceVersion: '7' },
    spec: { replica: { primary: 'west', promotionToken: EAST_TOKEN } },
  });
});
