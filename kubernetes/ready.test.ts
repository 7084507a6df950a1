import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isReady, isReadyAndStays, readyCondition } from './ready.ts';

const withReady = (status: string) => ({
  metadata: { name: 'x' },
  status: {
    conditions: [
      { type: 'Scheduled', status: 'True' },
      { type: 'Ready', status },
    ],
  },
});

test('ready is what says so: not what says nothing, and not what nobody knows of', () => {
  assert.equal(isReady(withReady('True')), true);
  for (const other of [withReady('False'), withReady('Unknown'), { status: {} }, {}]) {
    assert.equal(isReady(other), false);
  }
  assert.equal(readyCondition(withReady('Unknown'))?.status, 'Unknown');
});

test('what is being deleted does not stay', () => {
  const ready = withReady('True');
  assert.equal(isReadyAndStays(ready), true);
  assert.equal(isReadyAndStays(withReady('False')), false);
  const deletionTimestamp = '2026-01-01T00:00:00Z';
  assert.equal(isReadyAndStays({ ...ready, metadata: { name: 'x', deletionTimestamp } }), false);
});
