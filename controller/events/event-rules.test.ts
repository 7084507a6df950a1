import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HOLD_REASONS, holdReason } from '../../contract/reasons.ts';
import type { Status } from '../../contract/status.ts';
import { statusAt } from '../../test/support/status.ts';
import { EVENT_REASONS } from '../event-reasons.ts';
import { eventsOf } from './event-rules.ts';

const US = statusAt('us');
const EU: Status = { ...US, activeSite: 'eu', activeNode: 'eu-1', primary: 'pg-2', epoch: 8 };
const held = (status: Status, reason = 'PodNotFound: pod pg/pg-1 does not exist'): Status => ({
  ...status,
  phase: 'Held',
  reason,
});
const moving: Status = { ...US, phase: 'Transitioning', reason: 'Moving: to pg-2' };
const unknownWhileMoving: Status = { ...held(US), phase: 'Transitioning' };
const NONE = { ...US, activeSite: '', activeNode: '', primary: '', epoch: 0 };

describe('the Events of a change', () => {
  const cases: readonly [string, Status | undefined, Status, readonly string[]][] = [
    ['the first site', undefined, US, ['SiteChanged']],
    ['another site', US, EU, ['SiteChanged']],
    ['another node of the site', US, { ...US, activeNode: 'us-2' }, []],
    ['the beginning of a move', US, moving, []],
    ['the beginning of a hold', US, held(US), ['PrimaryUnknown']],
    ['a hold that goes on, in other words', held(US), held(US, 'PodNotFound: still not'), []],
    ['a hold for another reason', held(US), held(US, 'NodeWithoutSite: x'), ['NodeWithoutSite']],
    ['the beginning of a hold while it moves', moving, unknownWhileMoving, ['PrimaryUnknown']],
    ['a hold that goes on as the move begins', held(US), unknownWhileMoving, []],
    ['the end of a hold', held(US), US, ['PrimaryFound']],
    ['the end of a hold while it moved', unknownWhileMoving, EU, ['SiteChanged', 'PrimaryFound']],
    ['the end of a hold in another site', held(US), EU, ['SiteChanged', 'PrimaryFound']],
    ['the end of a hold by a move', held(US), moving, []],
    ['a takeover that finds all as it was', US, US, []],
    ['a first look that finds nothing', undefined, held(NONE), ['PrimaryUnknown']],
  ];
  for (const [name, before, after, reasons] of cases) {
    test(name, () =>
      assert.deepEqual(
        eventsOf(before, after).map(({ reason }) => reason),
        reasons,
      ),
    );
  }

  test('say what happened and what to do', () => {
    assert.equal(
      eventsOf(US, EU)[0]?.note,
      'The active site moved from us to eu: pg-2 runs on eu-1 (epoch 8)',
    );
    assert.equal(
      eventsOf(undefined, EU)[0]?.note,
      'The active site moved to eu: pg-2 runs on eu-1 (epoch 8)',
    );
    assert.equal(
      eventsOf(US, held(US))[0]?.note,
      `PodNotFound: pod pg/pg-1 does not exist; us stays active. ${HOLD_REASONS.PodNotFound.action}`,
    );
    assert.match(eventsOf(undefined, held(NONE))[0]?.note ?? '', /; no site is active yet\. /);
    assert.equal(eventsOf(held(US), US)[0]?.note, 'pg-1 runs on us-1 in us');
  });

  test('have a documented reason, whatever is held for', () => {
    for (const [code, { event }] of Object.entries(HOLD_REASONS)) {
      const [made] = eventsOf(US, held(US, `${code}: x`));
      assert.equal(made?.reason, event);
      assert.ok(event in EVENT_REASONS);
    }
  });
});

describe('the reason of a hold', () => {
  for (const [name, status, code] of [
    ['is the code before the colon', held(US), 'PodNotFound'],
    ['is none while nothing is held', US, undefined],
    ['is the same while the service says that it moves', unknownWhileMoving, 'PodNotFound'],
    ['is none while the service moves and is where it was', moving, undefined],
    ['is none once it is settled, whatever stands there', { ...held(US), phase: 'Settled' }, undefined],
    ['is none where somebody wrote another one', held(US, 'Tired: x'), undefined],
    ['is none where somebody wrote no colon', held(US, 'PodNotFound!'), undefined],
    ['is none where somebody wrote what every object has', held(US, 'toString: x'), undefined],
    ['is none where there is no text', held(US, ''), undefined],
  ] as const satisfies readonly (readonly [string, Status, string | undefined])[]) {
    test(name, () => assert.equal(holdReason(status), code));
  }
});
