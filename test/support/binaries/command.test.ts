import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from './command.ts';

test('a program that takes longer than its limit is ended', async () => {
  const limit = AbortSignal.timeout(100);
  const running = run(process.execPath, ['-e', 'setInterval(() => {}, 1_000)'], { abort: limit });
  await assert.rejects(running, { name: 'TimeoutError' });
});
