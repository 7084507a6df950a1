import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { createLog } from './log.ts';
import { TenantLog } from './tenant-log.ts';

test('a namespace has so many lines, and the next line of anybody says how many were left out', () => {
  const lines: string[] = [];
  const log = new TenantLog(
    createLog({ level: 'info', destination: { write: (line) => lines.push(line) } }),
    new VirtualClock(),
  );
  for (let index = 0; index < 1_000; index += 1) log.warn(`loud/${index}`, {}, 'could not be written');
  const { length } = lines;
  assert.ok(length > 0 && length < 50, `${length} lines`);
  log.warn('quiet/web', { object: 'quiet/web' }, 'could not be written');
  const { object, leftOut } = JSON.parse(lines.at(-1) ?? '');
  assert.deepEqual({ object, leftOut }, { object: 'quiet/web', leftOut: 1_000 - length });
});
