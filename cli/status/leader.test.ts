import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lease } from '../../kubernetes/resources.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { watchedLeaderOf } from './leader.ts';

const HOUR_MS = 3_600_000;

/** What is found on a machine whose clock is ahead, of a Lease that is renewed every two seconds or not at all. */
async function found(skew: number, isRenewed: boolean, holderIdentity = 'controller-1'): Promise<boolean> {
  const virtual = new VirtualClock();
  const lease = (at: number): Lease => {
    const renewTime = new Date(at).toISOString().replace('Z', '000Z');
    const metadata = { namespace: 'ops', name: 'lease' };
    return { metadata, spec: { holderIdentity, leaseDurationSeconds: 10, renewTime } };
  };
  const began = virtual.now();
  const read = () =>
    Promise.resolve(lease(isRenewed ? virtual.now() - (virtual.now() % 2_000) : began - HOUR_MS));
  const first = lease(isRenewed ? began : began - HOUR_MS);
  const { signal: abort } = new AbortController();
  const leader = watchedLeaderOf(first, read, virtual.process({ skew }), abort);
  await virtual.advance(10_000);
  return (await leader).alive;
}

test('a leader that renews its Lease is alive, whatever the clock of this machine says', async () => {
  for (const skew of [0, 60_000, HOUR_MS, -HOUR_MS]) assert.equal(await found(skew, true), true, `${skew}`);
});

test('one that does not is dead', async () => {
  for (const skew of [0, HOUR_MS]) assert.equal(await found(skew, false), false);
});

test('a Lease that nobody holds has no leader', async () => {
  assert.equal(await found(0, true, ''), false);
});
