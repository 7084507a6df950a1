import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodePeers } from '../../contract/peers.ts';
import { STANDBY_SIDE } from '../../test/support/page-states.ts';
import { reportPeers } from './reported.ts';
import type { PeerView } from './side.ts';

test('what peers say of a follower is kept in its report, until the leadership ends', () => {
  const listeners = new Set<() => void>();
  const peers = {
    views: [] as readonly PeerView[],
    onChange(listener: () => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const sections = new Map<string, unknown>();
  const end = new AbortController();
  reportPeers(
    'default',
    { set: (name, value) => sections.set(name, JSON.parse(JSON.stringify(value))) },
    peers,
    end.signal,
  );
  assert.deepEqual(sections.get('peers'), []);
  const of = { ...STANDBY_SIDE, follower: 'other' };
  peers.views = [
    { site: 'eu-west', answeredAt: '2026-01-01T00:00:00Z', problem: '', sides: [of, STANDBY_SIDE] },
    { site: 'asia', answeredAt: null, problem: 'no answer', sides: [] },
  ];
  for (const listener of listeners) listener();
  const { site, activeSite, phase, claim } = STANDBY_SIDE;
  assert.deepEqual(decodePeers(sections.get('peers')), [
    { site: 'eu-west', answered: true, problem: '', side: { site, activeSite, phase, claim } },
    { site: 'asia', answered: false, problem: 'no answer', side: null },
  ]);
  end.abort();
  assert.equal(listeners.size, 0);
});

test('what somebody has made of it by hand is left out', () => {
  assert.deepEqual(decodePeers({}), []);
  assert.deepEqual(decodePeers([7, null, { site: 'eu-west' }]), []);
});
