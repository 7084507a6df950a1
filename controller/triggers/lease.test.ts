import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { LEASES, type Lease, PODS } from '../../kubernetes/resources.ts';
import { APP, TriggerScene } from '../../test/support/trigger-scene.ts';

const KEY = { namespace: APP, name: 'leader' };

let kube: TriggerScene;

beforeEach(async () => {
  kube = new TriggerScene();
  kube.configure({ kind: 'lease', ...KEY });
  kube.createPod('app-0', 'us-1');
  kube.createPod('app-1', 'eu-1');
});

afterEach(() => kube.end());

/** `skewMs`: how far the holder's clock is ahead. */
function renew(holderIdentity: string, { skewMs = 0, seconds = 15 } = {}): void {
  const renewTime = new Date(kube.clock.now() + skewMs).toISOString().replace('Z', '000Z');
  write({ holderIdentity, renewTime, leaseDurationSeconds: seconds });
}

function write(spec: NonNullable<Lease['spec']>): void {
  if (kube.server.find(LEASES, KEY) === undefined) kube.create<Lease>(LEASES, { metadata: KEY, spec });
  else kube.change(LEASES, { metadata: KEY, spec });
}

test('the holder is followed, in each form of its name', async () => {
  assert.equal(await kube.look(), 'SourceNotFound');
  renew('app-0');
  assert.equal(await kube.look(), 'app-0@us-1');
  renew('app-1_0d9e4c0e-2b7b-4b53-a7ae-5f0a6a3a3c8e');
  assert.equal(await kube.look(), 'app-1@eu-1');
});

test('what names no running pod holds', async () => {
  renew('');
  assert.equal(await kube.look(), 'PrimaryEmpty');
  renew('Not a pod');
  assert.equal(await kube.look(), 'SourceInvalid');
  renew('app-9');
  assert.equal(await kube.look(), 'PodNotFound');
  kube.createPod('app-2');
  renew('app-2');
  assert.equal(await kube.look(), 'PodWithoutNode');
  kube.change(PODS, { metadata: { namespace: APP, name: 'app-0' }, status: { phase: 'Failed' } });
  renew('app-0');
  assert.equal(await kube.look(), 'PodEnded');
  write({ holderIdentity: 'app-1' });
  kube.change(LEASES, { metadata: KEY, spec: { renewTime: null, leaseDurationSeconds: null } });
  assert.equal(await kube.look(), 'SourceInvalid');
});

test('a Lease that nobody renews ends, and the controller looks at that very time', async () => {
  await kube.watch();
  renew('app-0');
  assert.equal(await kube.look(), 'app-0@us-1');
  await kube.clock.advance(14_000);
  assert.equal(await kube.look(), 'app-0@us-1');
  assert.equal(await kube.wakesBy(() => undefined), true);
  assert.equal(await kube.look(), 'PrimaryExpired');
  renew('app-0');
  assert.equal(await kube.look(), 'app-0@us-1');
});

test('a clock that is wrong neither ends a Lease nor keeps it alive', async () => {
  for (const skewMs of [-3_600_000, 3_600_000]) {
    kube.restart();
    renew('app-0', { skewMs });
    const first = await kube.look();
    // Behind by an hour it looks ended, until its first renewal is seen.
    assert.equal(first, skewMs < 0 ? 'PrimaryExpired' : 'app-0@us-1');
    for (let renewals = 0; renewals < 5; renewals += 1) {
      renew('app-0', { skewMs });
      assert.equal(await kube.look(), 'app-0@us-1');
      await kube.clock.advance(10_000);
    }
    await kube.clock.advance(15_000);
    assert.equal(await kube.look(), 'PrimaryExpired');
  }
});

test('a Lease that had ended before the controller began is not followed', async () => {
  renew('app-1');
  await kube.clock.advance(60_000);
  kube.restart();
  assert.equal(await kube.look(), 'PrimaryExpired');
});

test('another holder wakes the controller, a renewal does not', async () => {
  renew('app-0', { seconds: 3600 });
  await kube.watch();
  assert.equal(await kube.look(), 'app-0@us-1');
  assert.equal(await kube.wakesBy(() => renew('app-0', { seconds: 3600 })), false);
  assert.equal(await kube.wakesBy(() => renew('app-1', { seconds: 3600 })), true);
});

test('a Lease that had ended wakes the controller when it is renewed', async () => {
  renew('app-0');
  await kube.watch();
  assert.equal(await kube.look(), 'app-0@us-1');
  await kube.clock.advance(20_000);
  assert.equal(await kube.look(), 'PrimaryExpired');
  assert.equal(await kube.wakesBy(() => renew('app-0')), true);
  assert.equal(await kube.look(), 'app-0@us-1');
  assert.equal(await kube.wakesBy(() => renew('app-0')), false);
});

test('a holder that changes while it is looked up is not mixed up with the one before', async () => {
  renew('app-0');
  let reads = 0;
  kube.judge = ({ verb, resource }) => {
    if (verb === 'get' && resource.plural === 'pods' && reads++ === 0) {
      kube.server.delete('test', PODS, { namespace: APP, name: 'app-0' }, {});
      kube.createPod('app-0', 'eu-1');
      renew('app-1');
    }
    return undefined;
  };
  assert.equal(await kube.look(), 'app-1@eu-1');
});
