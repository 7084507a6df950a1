import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ObjectIndex } from '../../../kubernetes/object-index.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { Inspector } from './inspector.ts';
import { type RoutedPod, routedPod } from './pods.ts';
import { type FollowedService, followedBy } from './service.ts';

const KEYS = 32;
const GOAL = { follower: 'default', site: 'east', epoch: 1, now: '2026-01-01T00:00:00Z' };

test('a tenant whose Services and pods are many, and all alike, has others wait for a moment at a time, and behind nobody', async (t) => {
  const services = new ObjectIndex<FollowedService>();
  const pods = new ObjectIndex<RoutedPod>();
  const add = (namespace: string, count: number) => {
    const labels = Object.fromEntries(Array.from({ length: KEYS }, (_, index) => [`k${index}`, 'v']));
    for (let index = 0; index < count; index += 1) {
      const metadata = { namespace, name: `o${index}`, resourceVersion: '1' };
      const conditions = [{ type: 'Ready', status: 'True' }];
      pods.set(
        routedPod(['default'], {
          metadata: { ...metadata, labels },
          spec: { nodeName: 'n' },
          status: { conditions },
        }),
      );
      const service = followedBy('default', {
        metadata: { ...metadata, labels: { 'site-follower/follow': 'true' } },
        spec: { selector: labels },
      });
      assert.ok(service);
      services.set(service);
    }
  };
  add('large', 200);
  add('small', 1);

  const virtual = new VirtualClock();
  let turns = 0;
  const clock: Clock = {
    now: () => virtual.now(),
    elapsed: () => virtual.elapsed(),
    after(ms, task) {
      if (ms === 0) turns += 1;
      return virtual.after(ms, task);
    },
  };
  const evaluated: string[] = [];
  const inspector = new Inspector({
    clock,
    services,
    pods,
    observer: { onTransition: () => undefined, onCount: () => undefined },
    onChange: (service) => evaluated.push(service),
  });
  const stop = new AbortController();
  t.after(() => stop.abort());
  void inspector.run(stop.signal);
  inspector.aim(GOAL, new Map([['n', 'east']]));
  inspector.begin();
  await virtual.advance(1_000);
  assert.equal(evaluated.length, 201);
  assert.equal(evaluated[0], 'small/o0');
  const steps = 200 * 200 * (KEYS - 1);
  assert.ok(turns >= steps / 100_000, `${turns} turns for ${steps} steps`);
  assert.deepEqual(inspector.evaluationOf('large/o7'), {
    ...inspector.evaluationOf('small/o0'),
    podCounts: { here: 200, unlabelled: 200, elsewhere: 0 },
  });
});
