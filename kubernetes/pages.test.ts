import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubeObject, ListOptions } from './api.ts';
import { KubeError } from './errors.ts';
import { listAll } from './pages.ts';
import { NODES } from './resources.ts';
import { FakeApi, node } from './testing/fake-api.ts';

/** Objects of these sizes, in this order, as a server lists them. */
function serving(sizes: readonly number[]) {
  const api = new FakeApi();
  const largest = { bytes: 0 };
  const asked: number[] = [];
  api.onList = ({ limit = sizes.length, maxBytes = 0, continue: from = '0' }: ListOptions) => {
    const start = Number(from);
    const items = sizes
      .slice(start, start + limit)
      .map((_, index): KubeObject => node(`n${start + index}`, '1'));
    const bytes = sizes.slice(start, start + limit).reduce((sum, size) => sum + size, 0);
    asked.push(limit);
    largest.bytes = Math.max(largest.bytes, Math.min(bytes, maxBytes));
    if (bytes > maxBytes) throw new KubeError('too large', { status: 200, reason: 'TooLarge' });
    const next = start + limit < sizes.length ? { continue: String(start + limit) } : {};
    return { items, resourceVersion: '1', bytes, ...next };
  };
  return { api, asked, largest };
}

const MIB = 1024 * 1024;

describe('pages are by bytes', () => {
  for (const [what, sizes, calls] of [
    ['many small ones', Array.from({ length: 5_000 }, () => 5_000), 30],
    ['large ones alone', Array.from({ length: 90 }, () => 1_300_000), 100],
    [
      'large ones after small ones',
      [...Array<number>(200).fill(2_000), ...Array<number>(60).fill(1_300_000)],
      80,
    ],
    ['the largest that etcd takes, with all of it escaped', Array.from({ length: 5 }, () => 9 * MIB), 12],
  ] as const) {
    test(what, async () => {
      const { api, asked, largest } = serving(sizes);
      const all = await listAll(api, NODES);
      assert.deepEqual(
        all.map(({ metadata }) => metadata.name),
        sizes.map((_, index) => `n${index}`),
      );
      assert.ok(largest.bytes <= 9 * MIB, `${largest.bytes} bytes at once`);
      assert.ok(asked.length <= calls, `${asked.length} calls`);
    });
  }

  test('one that nobody can read is an error', async () => {
    await assert.rejects(listAll(serving([13 * MIB]).api, NODES), /too large/);
  });
});
