import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LabelIds } from './label-ids.ts';
import type { RoutedPod } from './pods.ts';
import { ReadyPods } from './ready-pods.ts';

function pod(name: string, labels: LabelIds, ready = true): RoutedPod {
  return {
    key: { namespace: 'tenant', name },
    uid: 'u',
    version: '1',
    labels,
    sites: {},
    node: '',
    ready,
  };
}

const namesOf = (pods: readonly RoutedPod[]) => pods.map(({ key }) => key.name);

test('a Service has the ready pods with all of its labels, and none without a selector', () => {
  const pods = [pod('a', [1, 2, 3]), pod('b', [1, 3]), pod('c', [1, 2]), pod('d', [1, 2], false)];
  const selectors = [[1, 2], [1, 4], []];
  const ready = new ReadyPods(pods, selectors);
  assert.deepEqual(
    selectors.map((selector) => namesOf(ready.selectedBy(selector))),
    [['a', 'c'], [], []],
  );
});

test('Services take steps for their own pods alone, whatever all of them have in common', () => {
  const steps = (count: number) => {
    const common = Array.from({ length: 31 }, (_, index) => index);
    const labels = Array.from({ length: count }, (_, index) => [...common, 1_000 + index]);
    const ready = new ReadyPods(
      labels.map((own, index) => pod(`${index}`, own)),
      labels,
    );
    for (const own of labels) assert.equal(ready.selectedBy(own).length, 1);
    return ready.takeSteps();
  };
  assert.equal(steps(1_000) / steps(100), 10);
});
