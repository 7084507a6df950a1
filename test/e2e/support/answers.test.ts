import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesIn } from './answers.ts';

test('a sidecar’s log tells when its answer changed, and in which epoch', () => {
  const log = [
    '{"level":"info","time":"2030-01-01T00:00:00.000Z","port":9911,"probePort":9912,"msg":"serving"}',
    '{"level":"info","time":"2030-01-01T00:00:01.250Z","active":true,"epoch":7,"msg":"answer changed"}',
    '',
  ].join('\n');
  assert.deepEqual(changesIn(log), [{ at: Date.UTC(2030, 0, 1, 0, 0, 1, 250), epoch: 7 }]);
});
