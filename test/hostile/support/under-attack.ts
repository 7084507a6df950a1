import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeApi, ObjectKey } from '../../../kubernetes/api.ts';
import { liveHeapOf } from '../../support/live-heap.ts';
import type { ChildProcess } from '../../support/process.ts';
import { until } from '../../support/until.ts';
import { LeaseWatch } from './lease-watch.ts';
import { Liveness } from './liveness.ts';
import { MemoryWatch } from './memory.ts';
import { ATTACK_MS } from './strength.ts';

export interface Victim {
  readonly child: ChildProcess;
  /** Where its kubelet asks, without a path. */
  readonly probeUrl: string;
  /** The chart's memory limit, and by how much the heap without garbage may have grown after an attack, in MiB. */
  readonly limit: number;
  readonly leftover: number;
  readonly lease?: { readonly api: KubeApi; readonly key: ObjectKey };
}

/** Of the leader election: who has not renewed by then gives up. */
const RENEW_MS = 10_000;
const LIVE_MS = 1_000;
/** Until what was asked at the end of an attack has been answered. */
const CALM_MS = 20_000;

/**
 * Lets `attack` run, by default as long as an attack lasts, and sees that the victim lives all the while: it answers its
 * probe within a second, keeps its Lease, stays below its memory limit, and has its memory back afterwards.
 */
export async function underAttack(
  t: TestContext,
  victim: Victim,
  attack: (abort: AbortSignal) => Promise<unknown>,
  durationMs = ATTACK_MS,
): Promise<void> {
  const { child, probeUrl, limit, leftover, lease } = victim;
  const before = await liveHeapOf(child);
  const liveness = new Liveness(child, `${probeUrl}/healthz`);
  const leaseWatch = lease && new LeaseWatch(lease.api, lease.key);
  const memory = new MemoryWatch(child);
  const stop = new AbortController();
  const attacking = attack(stop.signal);
  await Promise.race([delay(durationMs, undefined, { ref: false }), child.exited, attacking]);
  stop.abort();
  await Promise.all([liveness.stop(), memory.stop()]);
  const report = await attacking;
  assert.equal(child.exit, undefined, `${child.name} has ended: ${child.lines.slice(-5).join('\n')}`);
  await leaseWatch?.stop();
  const { peak } = memory;
  const renewed = leaseWatch && `Lease renewed within ${Math.round(leaseWatch.longestMs)} ms, `;
  t.diagnostic(
    `slowest probe ${Math.round(liveness.slowestMs)} ms of ${liveness.asked}, ${renewed ?? ''}` +
      `memory at most ${Math.round(peak)} MiB, ${before.toFixed(1)} MiB in use before; ${JSON.stringify(report)}`,
  );
  assert.deepEqual(liveness.failures, [], 'the probe failed');
  assert.ok(liveness.slowestMs < LIVE_MS, `the probe took ${Math.round(liveness.slowestMs)} ms`);
  assert.ok(peak < limit, `it had ${Math.round(peak)} MiB of ${limit}`);
  if (leaseWatch !== undefined) {
    assert.equal(leaseWatch.holders.size, 1, `the Lease went to ${[...leaseWatch.holders].join(', ')}`);
    assert.ok(leaseWatch.longestMs < RENEW_MS, `not renewed for ${Math.round(leaseWatch.longestMs)} ms`);
  }
  await until(
    `its heap is back at ${before.toFixed(1)} MiB`,
    async () => (await liveHeapOf(child)) < before + leftover || undefined,
    { timeoutMs: CALM_MS },
  );
}
