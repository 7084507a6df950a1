import assert from 'node:assert/strict';
import { test } from 'node:test';
import { soleLeadership } from './leadership.ts';

test('the only replica leads until it stops', () => {
  const stop = new AbortController();
  const leadership = soleLeadership(stop.signal);
  assert.equal(leadership.isLeader(), true);
  stop.abort();
  assert.equal(leadership.isLeader(), false);
  assert.equal(leadership.abort, stop.signal);
});

test('the only replica takes a term above any that it finds, and keeps it', async () => {
  const leadership = soleLeadership(new AbortController().signal);
  assert.equal(leadership.term, 0);
  assert.equal(await leadership.confirm(), 0);
  assert.equal(await leadership.confirm(6), 7);
  assert.equal(await leadership.confirm(3), 7);
  assert.equal(await leadership.confirm(), 7);
  assert.equal(leadership.term, 7);
});
