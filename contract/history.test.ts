import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { statusAt } from '../test/support/status.ts';
import { decodeHistory, type Transition, transitionTo } from './history.ts';
import { decodeEpoch } from './status.ts';

const MOVE: Transition = {
  epoch: 7,
  from: 'us',
  to: 'eu',
  node: 'eu-1',
  primary: 'pg-2',
  movedAt: '',
  writtenAt: '2026-01-01T00:00:00Z',
};

test('a history is read as it was written', () => {
  assert.deepEqual(decodeHistory([MOVE, { ...MOVE, epoch: 8 }]), [MOVE, { ...MOVE, epoch: 8 }]);
});

for (const [name, entry] of [
  ['nothing', null],
  ['a text', 'us'],
  ['a list', [MOVE]],
  ['a move without a node', { ...MOVE, node: undefined }],
  ['a move whose site is a number', { ...MOVE, to: 1 }],
  ['an epoch that is a text', { ...MOVE, epoch: '7' }],
  ['a broken epoch', { ...MOVE, epoch: 7.5 }],
  ['a negative epoch', { ...MOVE, epoch: -7 }],
  ['an epoch that no reader accepts', { ...MOVE, epoch: 1e15 }],
] as const) {
  test(`${name} is left out`, () => assert.deepEqual(decodeHistory([entry, MOVE]), [MOVE]));
}

test('what is no list has no history', () => {
  for (const value of [undefined, null, 'text', 7, { 0: MOVE }]) assert.deepEqual(decodeHistory(value), []);
});

test('of anything at all, only whole transitions are kept', () => {
  const nearly = fc.record(
    { ...Object.fromEntries(Object.keys(MOVE).map((key) => [key, fc.anything()])), epoch: fc.anything() },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.array(fc.oneof(nearly, fc.anything()))), (value) => {
      for (const { epoch, ...texts } of decodeHistory(value)) {
        assert.equal(decodeEpoch(String(epoch)), epoch);
        assert.equal(typeof texts.to, 'string');
      }
    }),
  );
});

describe('the transition that a status tells of', () => {
  const status = statusAt('eu', {
    primary: 'pg-2',
    epoch: 8,
    since: '2026-01-01T00:00:08Z',
    lastUpdated: '2026-01-01T00:00:09Z',
  });

  test('is new when the history ends with another epoch', () => {
    assert.deepEqual(transitionTo(status, { ...MOVE, to: 'ap' }, '2026-01-01T00:00:07Z'), {
      epoch: 8,
      from: 'ap',
      to: 'eu',
      node: 'eu-1',
      primary: 'pg-2',
      movedAt: '2026-01-01T00:00:07Z',
      writtenAt: status.since,
    });
  });

  test('is the first one of an empty history', () => {
    const { from, movedAt } = transitionTo(status, undefined, undefined) ?? {};
    assert.deepEqual([from, movedAt], ['', '']);
  });

  test('is none when the history has it, or while there is no site', () => {
    assert.equal(transitionTo(status, { ...MOVE, epoch: 8 }, undefined), undefined);
    assert.equal(transitionTo({ ...status, activeSite: '', epoch: 0 }, undefined, undefined), undefined);
  });
});
