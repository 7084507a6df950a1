import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { Watchdog } from './watchdog.ts';

test('a parent that was aborted before ends the watch at once, without a timer', () => {
  const clock = new VirtualClock();
  const parent = AbortSignal.abort(new Error('stopped'));
  const watchdog = new Watchdog(clock, 1_000, 5_000, parent);
  assert.equal(watchdog.abort.aborted, true);
  assert.equal(watchdog.endedFor, undefined);
});
