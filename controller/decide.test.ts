import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Transition } from '../contract/history.ts';
import type { Status } from '../contract/status.ts';
import { statusAt } from '../test/support/status.ts';
import { type DecideInput, decide, type ResolvedObservation, recall } from './decide.ts';

const NOW = '2030-01-01T00:00:10.000Z';
const SITES = { us: ['us-1'], eu: ['eu-1'] };
const SETTLED = statusAt('us', {
  since: '2030-01-01T00:00:00.000Z',
  lastUpdated: '2030-01-01T00:00:00.000Z',
  sites: SITES,
});
const AT_US: ResolvedObservation = { kind: 'located', primary: 'pg-1', node: 'us-1', site: 'us' };
const AT_EU: ResolvedObservation = { kind: 'located', primary: 'pg-2', node: 'eu-1', site: 'eu' };
const LOST: ResolvedObservation = {
  kind: 'unknown',
  reason: 'PodNotFound',
  message: 'pod pg/pg-1 does not exist',
};

function situation(changes: Partial<DecideInput>): DecideInput {
  return {
    believed: SETTLED,
    published: SETTLED,
    epochFloor: 0,
    resolved: AT_US,
    sites: SITES,
    now: NOW,
    ...changes,
  };
}

describe('decide', () => {
  test('changes nothing when the primary is where it was', () => {
    assert.deepEqual(decide(situation({})), SETTLED);
  });

  test('holds no site that it is certain to have left, and any other one', () => {
    const left = { from: 'us', primary: 'pg-eu', site: 'eu' };
    const { activeSite, activeNode, primary, phase, epoch } = decide(
      situation({ resolved: { ...LOST, movingTo: 'pg-us', left } }),
    );
    assert.deepEqual(
      [activeSite, activeNode, primary, phase, epoch],
      ['eu', '', 'pg-eu', 'Transitioning', SETTLED.epoch + 1],
    );
    const other = decide(situation({ resolved: { ...LOST, left: { ...left, from: 'asia' } } }));
    assert.deepEqual([other.activeSite, other.epoch], ['us', SETTLED.epoch]);
  });

  test('bounds what a trigger quotes, whichever trigger it is', () => {
    const text = 'é'.repeat(1_000_000);
    const hold = { reason: 'PrimaryAmbiguous', message: text } as const;
    const observations: ResolvedObservation[] = [
      { ...LOST, message: text },
      { ...LOST, message: text, movingTo: text },
      { ...AT_EU, movingTo: text },
      { ...AT_EU, hold },
      { ...AT_EU, primary: text, node: text },
      { ...AT_EU, site: text },
    ];
    for (const resolved of observations) {
      const { reason, primary, activeNode, activeSite } = decide(situation({ resolved }));
      assert.ok(Buffer.byteLength(reason) <= 1_024, reason.slice(0, 100));
      assert.ok(Buffer.byteLength(primary) <= 253, primary.slice(0, 100));
      assert.ok(Buffer.byteLength(activeNode) <= 253, activeNode.slice(0, 100));
      assert.ok(Buffer.byteLength(activeSite) <= 253, activeSite.slice(0, 100));
    }
  });

  test('moves with the primary, in a new epoch', () => {
    assert.deepEqual(decide(situation({ resolved: AT_EU })), {
      ...SETTLED,
      activeSite: 'eu',
      activeNode: 'eu-1',
      primary: 'pg-2',
      epoch: 8,
      since: NOW,
      lastUpdated: NOW,
    });
  });

  test('never dates a state before the one that it follows, though the next leader’s clock is behind', () => {
    const dated = (lastUpdated: string) => {
      const before = { ...SETTLED, lastUpdated };
      return decide(situation({ believed: before, published: before, resolved: LOST })).lastUpdated;
    };
    assert.equal(dated('2030-01-01T00:02:00.000Z'), '2030-01-01T00:02:00.001Z');
    assert.equal(dated(NOW), '2030-01-01T00:00:10.001Z');
    assert.equal(dated('2030-01-01T00:00:09.999Z'), NOW);
    assert.equal(dated('2999-01-01T00:00:00.000Z'), NOW, 'that was written by hand');
    assert.equal(dated('soon'), NOW);
  });

  test('keeps the epoch when the primary moves within its site', () => {
    const next = decide(situation({ resolved: { ...AT_US, primary: 'pg-3', node: 'us-2' } }));
    assert.deepEqual([next.epoch, next.activeNode, next.since], [7, 'us-2', SETTLED.since]);
  });

  test('holds the last site and says why when the primary is unknown', () => {
    const next = decide(situation({ resolved: LOST }));
    const reason = 'PodNotFound: pod pg/pg-1 does not exist';
    assert.deepEqual(next, { ...SETTLED, phase: 'Held', reason, lastUpdated: NOW });
  });

  test('is in transition while the service moves, located or not', () => {
    const located = decide(situation({ resolved: { ...AT_US, movingTo: 'pg-2' } }));
    assert.deepEqual(
      [located.phase, located.activeSite, located.reason],
      ['Transitioning', 'us', 'Moving: to pg-2'],
    );
    const unknown = decide(situation({ resolved: { ...LOST, movingTo: 'pending' } }));
    assert.deepEqual([unknown.phase, unknown.activeSite, unknown.epoch], ['Transitioning', 'us', 7]);
  });

  test('starts with no site and epoch 0 when the first look finds nothing', () => {
    const next = decide(situation({ believed: undefined, published: undefined, resolved: LOST }));
    assert.deepEqual([next.activeSite, next.epoch, next.phase], ['', 0, 'Held']);
  });

  test('starts with epoch 1 when nothing was ever published', () => {
    assert.equal(decide(situation({ believed: undefined, published: undefined })).epoch, 1);
  });

  test('takes over what is published after a restart', () => {
    assert.deepEqual(decide(situation({ believed: undefined })), SETTLED);
  });
});

describe('decide, when the ConfigMap was touched', () => {
  const edited = (changes: Partial<Status>) => decide(situation({ published: { ...SETTLED, ...changes } }));

  for (const [name, published, epoch] of [
    ['deleted', undefined, 7],
    ['another site, same epoch', { ...SETTLED, activeSite: 'eu' }, 8],
    ['another site, higher epoch', { ...SETTLED, activeSite: 'eu', epoch: 90 }, 91],
    ['same site, higher epoch', { ...SETTLED, epoch: 90 }, 90],
    ['an older epoch', { ...SETTLED, epoch: 3 }, 7],
    ['another site, older epoch', { ...SETTLED, activeSite: 'eu', epoch: 3 }, 7],
  ] as const) {
    test(`${name}: restored with epoch ${epoch}`, () => {
      const next = decide(situation({ published }));
      assert.deepEqual([next.activeSite, next.epoch], ['us', epoch]);
    });
  }

  test('another node or reason is put right without a new epoch', () => {
    assert.deepEqual(edited({ activeNode: 'x', reason: 'y', phase: 'Held' }), SETTLED);
  });

  test('a move to the site that was written by hand into the same epoch is a new epoch all the same', () => {
    const next = decide(situation({ resolved: AT_EU, published: { ...SETTLED, activeSite: 'eu' } }));
    assert.deepEqual([next.activeSite, next.epoch], ['eu', 8]);
  });

  test('a malformed one that still shows an epoch is followed by a higher epoch', () => {
    assert.equal(decide(situation({ published: undefined, epochFloor: 40 })).epoch, 41);
  });
});

describe('decide, for any sequence of looks and edits', () => {
  const resolved = fc.oneof(
    fc.constantFrom(AT_US, AT_EU),
    fc.constant<ResolvedObservation>(LOST),
    fc.constant<ResolvedObservation>({ ...LOST, movingTo: 'pending' }),
    fc.constant<ResolvedObservation>({ ...AT_US, movingTo: 'pg-2' }),
  );
  const edit = fc.option(
    fc.record({ activeSite: fc.constantFrom('us', 'eu', ''), epoch: fc.nat({ max: 30 }) }),
    { nil: undefined, freq: 5 },
  );
  const step = fc.record({ resolved, edit, restart: fc.boolean(), deleted: fc.boolean() });

  test('what readers see never goes back, and one epoch never names two sites', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const siteOfEpoch = new Map<number, string>();
        let published: Status | undefined;
        let believed: Status | undefined;
        let written = 0;
        for (const { resolved, edit, restart, deleted } of steps) {
          // A restart may forget, but then the report's memory stands in for what was written last.
          if (restart) believed = undefined;
          if (deleted) published = undefined;
          else if (edit !== undefined && published !== undefined) published = { ...published, ...edit };
          const before = believed ?? published;
          const now = NOW;
          const next = decide({ believed, published, epochFloor: written, resolved, sites: SITES, now });
          assert.ok(next.epoch >= written, 'the epoch went back');
          if (resolved.kind === 'unknown') assert.equal(next.activeSite, before?.activeSite ?? '');
          else assert.equal(next.activeSite, resolved.site);
          const known = siteOfEpoch.get(next.epoch);
          if (known !== undefined && known !== '' && !restart) assert.equal(next.activeSite, known);
          siteOfEpoch.set(next.epoch, next.activeSite);
          written = next.epoch;
          published = next;
          believed = next;
        }
      }),
    );
  });
});

describe('recall', () => {
  const LAST: Transition = {
    epoch: 7,
    from: 'eu',
    to: 'us',
    node: 'us-9',
    primary: 'pg-9',
    movedAt: '',
    writtenAt: '2029-12-31T00:00:00.000Z',
  };
  const recalled = (activeSite: string, epoch: number) => {
    const { writtenAt: since } = LAST;
    return { ...SETTLED, activeSite, activeNode: 'us-9', primary: 'pg-9', epoch, since };
  };

  for (const [name, published, last, expected] of [
    ['what is published, without a history', SETTLED, undefined, SETTLED],
    ['nothing, where there is nothing', undefined, undefined, undefined],
    ['what is published, when the history agrees', SETTLED, LAST, SETTLED],
    ['what is published, when the history is behind', SETTLED, { ...LAST, to: 'eu', epoch: 6 }, SETTLED],
    ['the history, when it is ahead', SETTLED, { ...LAST, epoch: 9 }, recalled('us', 9)],
    [
      'the history, when it has another site for the epoch',
      SETTLED,
      { ...LAST, to: 'ap' },
      recalled('ap', 7),
    ],
  ] as const) {
    test(`gives ${name}`, () => assert.deepEqual(recall(published, last), expected));
  }

  test('gives the history alone when nothing is published', () => {
    const { activeSite, activeNode, epoch, sites } = recall(undefined, LAST) ?? {};
    assert.deepEqual([activeSite, activeNode, epoch, sites], ['us', 'us-9', 7, {}]);
    const remembered = { us: ['us-9'] };
    assert.deepEqual(recall(undefined, LAST, remembered)?.sites, remembered);
    assert.notDeepEqual(recall(SETTLED, LAST, remembered)?.sites, remembered);
  });
});
