import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeApi, page } from '../kubernetes/testing/fake-api.ts';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { type LimitRange, LimitRanges } from './limit-ranges.ts';

const range = (name: string, limits: unknown, resourceVersion = '1', namespace = 'shop') =>
  ({ metadata: { namespace, name, resourceVersion }, spec: { limits } }) as LimitRange;

async function follow(listed: readonly LimitRange[]) {
  const clock = new VirtualClock();
  const api = new FakeApi();
  api.onList = () => page(listed, '5');
  const limits = new LimitRanges({ api, clock, random: () => 0.5, onProblem: assert.fail });
  const stop = new AbortController();
  const running = limits.run(stop.signal);
  await clock.advance(0);
  return {
    limits,
    async told(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: LimitRange) {
      api.lastWatch.send(type, object);
      await clock.advance(0);
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('the test ended'));
      await clock.advance(0);
      await running;
    },
  };
}

test('what the LimitRanges of a namespace say is known, and follows them', async () => {
  const max = { memory: '50Mi' };
  await using following = await follow([range('a', [{ type: 'Container', max }])]);
  const { limits } = following;
  const saying = (namespace: string) => limits.of(namespace).map(({ type, max: most }) => [type, most]);
  assert.deepEqual(saying('shop'), [['Container', max]]);
  assert.deepEqual(saying('other'), []);
  await following.told('ADDED', range('b', [{ type: 'Pod', max: { cpu: '1' } }], '6'));
  assert.deepEqual(saying('shop'), [
    ['Container', max],
    ['Pod', { cpu: '1' }],
  ]);
  await following.told('MODIFIED', range('a', [{ type: 'Container', max: { memory: '60Mi' } }], '7'));
  await following.told('DELETED', range('b', [], '8'));
  assert.deepEqual(saying('shop'), [['Container', { memory: '60Mi' }]]);
  await following.told('DELETED', range('a', [], '9'));
  assert.deepEqual(saying('shop'), []);
});

test('no more is kept than the sidecar has something of', async () => {
  const limits = [
    { type: 'PersistentVolumeClaim', max: { storage: '1Gi' } },
    { type: 'Container', max: { memory: '1Gi', 'nvidia.com/gpu': '1', cpu: '1'.repeat(1_000) } },
    ...Array.from({ length: 50 }, () => ({ type: 'Container' })),
  ];
  await using following = await follow([range('a', limits), range('empty', undefined)]);
  const kept = following.limits.of('shop');
  assert.equal(kept.length, 4);
  assert.deepEqual(kept[0]?.max, { memory: '1Gi' });
});

test('the number of those that are known is bounded, of each namespace and of all', async () => {
  const many = Array.from({ length: 600 }, (_, namespace) =>
    Array.from({ length: 11 }, (_, index) => range(`r${index}`, [{ type: 'Pod' }], '1', `n${namespace}`)),
  ).flat();
  await using following = await follow(many);
  const { limits } = following;
  const counts = Array.from({ length: 600 }, (_, namespace) => limits.of(`n${namespace}`).length);
  assert.equal(counts[0], 10);
  assert.equal(
    counts.reduce((sum, count) => sum + count),
    5_000,
  );
  await following.told('ADDED', range('late', [{ type: 'Pod' }], '6', 'late'));
  assert.equal(limits.of('late').length, 0);
  await following.told('DELETED', range('r0', [], '7', 'n0'));
  await following.told('MODIFIED', range('late', [{ type: 'Pod' }], '8', 'late'));
  assert.equal(limits.of('late').length, 1);
});
