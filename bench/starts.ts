/** How long the controller takes to start, and what it takes of memory then. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ControlPlane } from '../test/support/control-plane.ts';
import { buildController, type ControllerProcess } from '../test/support/controller-process.ts';
import { FOLLOW_LIMIT_MS, launch, openLane } from './lane.ts';
import { type Memory, memoryOf } from './memory.ts';

export interface Start {
  /** From before the program is started until /readyz says that it is. */
  readonly readyMs: number;
  /** … until the first status is there: the Lease taken, the lists read, the primary found. */
  readonly statusMs: number;
  readonly memory: Memory;
}

/** Until garbage of the start is gone, and the watches stand. */
const SETTLE_MS = 3_000;
const POLL_MS = 5;

export async function timeStart(plane: ControlPlane): Promise<Start> {
  await using ends = new AsyncDisposableStack();
  const lane = await openLane(plane, ends);
  await buildController();
  const startedAt = performance.now();
  const firstStatus = lane.status.until(({ activeSite }) => activeSite !== '', FOLLOW_LIMIT_MS);
  const controller = await launch(lane, ends);
  const [readyMs, { at }] = await Promise.all([
    untilReady(controller).then(() => performance.now() - startedAt),
    firstStatus,
  ]);
  await delay(SETTLE_MS);
  return { readyMs, statusMs: at - startedAt, memory: await memoryOf(controller.child.pid) };
}

async function untilReady({ url }: ControllerProcess): Promise<void> {
  const abort = AbortSignal.timeout(FOLLOW_LIMIT_MS);
  while (!(await fetch(`${url}/readyz`, { signal: abort })).ok) await delay(POLL_MS);
}
