import assert from 'node:assert/strict';
import { test } from 'node:test';
import { siteLabel } from '../../../contract/routing.ts';
import { countPods, routedPod } from './pods.ts';
import { ReadyPods } from './ready-pods.ts';
import { followedBy } from './service.ts';

const LABEL = siteLabel('default');

test('a ready pod counts where it stands, and where its label says while its node stands in no site', () => {
  const service = followedBy('default', {
    metadata: { namespace: 'shop', name: 'web', labels: { 'site-follower/follow': 'true' } },
    spec: { selector: { app: 'web' } },
  });
  assert.ok(service !== undefined);
  const pod = (name: string, nodeName: string, labels: Record<string, string> = {}) =>
    routedPod(['default'], {
      metadata: { namespace: 'shop', name, labels: { app: 'web', ...labels } },
      spec: { nodeName },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    });
  const siteOf = new Map([
    ['us-1', 'us'],
    ['eu-1', 'eu'],
  ]);
  const count = (...pods: ReturnType<typeof pod>[]) =>
    countPods(
      new ReadyPods(pods, [service.pods]).selectedBy(service.pods),
      { follower: 'default', site: 'us' },
      siteOf,
    );
  assert.deepEqual(count(pod('a', 'us-1'), pod('b', 'eu-1')), { here: 1, unlabelled: 1, elsewhere: 1 });
  assert.deepEqual(count(pod('a', 'lost-1', { [LABEL]: 'us' })), { here: 1, unlabelled: 0, elsewhere: 0 });
  assert.deepEqual(count(pod('a', 'lost-1', { [LABEL]: 'eu' })), { here: 0, unlabelled: 0, elsewhere: 1 });
  assert.deepEqual(count(pod('a', 'lost-1')), { here: 0, unlabelled: 0, elsewhere: 1 });
});
