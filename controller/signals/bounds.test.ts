import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepPod } from './follow-services/pods.ts';
import { followedBy } from './follow-services/service.ts';
import { keepGatedPod } from './pod-conditions/plan.ts';

const MANY = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, 'v'.repeat(40)]));
const METADATA = { namespace: 'tenant', name: 'large', uid: 'u', resourceVersion: '1' };
const MOST_BYTES = 32 * 1024;

test('what a tenant can make as large as etcd takes it is not kept so', () => {
  const annotations = { 'site-follower/follower': 'x'.repeat(200_000) };
  const kept = {
    routed: keepPod({ metadata: { ...METADATA, labels: MANY } }),
    gated: keepGatedPod({ metadata: { ...METADATA, annotations, labels: MANY } }),
    service: followedBy('default', {
      metadata: { ...METADATA, labels: { 'site-follower/follow': 'true' } },
      spec: { selector: MANY },
    }),
  };
  for (const [what, value] of Object.entries(kept)) {
    const bytes = JSON.stringify(value ?? null).length;
    assert.ok(bytes < MOST_BYTES, `${bytes} bytes of ${what}`);
  }
});
