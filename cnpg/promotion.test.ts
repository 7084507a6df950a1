import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster } from './cluster.ts';
import { isPromoted, promotionPatch } from './promotion.ts';

test('a promotion is known by its target and its own time', () => {
  const now = '2026-01-02T03:04:05.678Z';
  const cluster: Cluster = {
    metadata: { name: 'pg', resourceVersion: '7' },
    status: { targetPrimary: 'pg-1' },
  };
  assert.equal(isPromoted(cluster, 'pg-1', now), false);
  const patched = { ...cluster, ...promotionPatch(cluster, 'pg-2', now) };
  assert.equal(isPromoted(patched, 'pg-2', now), true);
  assert.equal(isPromoted(patched, 'pg-3', now), false);
  assert.equal(isPromoted(patched, 'pg-2', '2026-01-02T03:04:06.678Z'), false);
});
