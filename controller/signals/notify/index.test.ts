import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { PostError } from '../../../notify/post.ts';
import { ENV, NotifyScene, SECRET } from './testing/scene.ts';

let scene: NotifyScene;

beforeEach(() => {
  scene = new NotifyScene();
});

describe('what is told', () => {
  test('first that the target is connected, then each change of site, in one signed CloudEvent each', async () => {
    const { apply } = scene.lead();
    await apply();
    await scene.clock.advance(5_000);
    scene.move('eu');
    await apply();
    assert.deepEqual(scene.types(), ['connected', 'site-changed']);
    const [, request] = scene.requests;
    assert.ok(request);
    assert.equal(request.url, 'https://hooks.example/T0KEN');
    assert.equal(request.headers['content-type'], 'application/cloudevents+json; charset=utf-8');
    assert.deepEqual(JSON.parse(request.body), {
      specversion: '1.0',
      id: request.headers['webhook-id'],
      source: '/kube-site-follower/ops/default',
      type: 'site-follower.site-changed',
      subject: 'default',
      time: '2026-01-01T00:00:05.000Z',
      datacontenttype: 'application/json',
      data: {
        follower: 'default',
        epoch: 2,
        activeSite: 'eu',
        previousSite: 'us',
        activeNode: 'eu-1',
        primary: 'pg-1',
        phase: 'Settled',
        reason: '',
      },
    });
    assert.equal(request.headers['webhook-timestamp'], String(Date.UTC(2026, 0, 1, 0, 0, 5) / 1000));
  });

  test('every change, also those between two applications, and none twice', async () => {
    const { apply } = scene.lead();
    await apply();
    for (const site of ['eu', 'us', 'eu']) scene.move(site);
    await apply();
    await apply();
    await scene.clock.advance(3_600_000);
    assert.deepEqual(scene.types(), ['connected', 'site-changed', 'site-changed', 'site-changed']);
    assert.deepEqual(
      scene
        .events()
        .map(({ data }) => data.epoch)
        .slice(1),
      [2, 3, 4],
    );
    assert.equal(new Set(scene.events().map(({ id }) => id)).size, 4);
  });

  test('a hold after a minute and its end, but not the seconds that each failover takes', async () => {
    const { apply } = scene.lead();
    await apply();
    const hold = (reason: string) => {
      scene.status = { ...scene.status, phase: reason === '' ? 'Settled' : 'Held', reason };
      return apply();
    };
    await hold('PrimaryPending: the operator is choosing');
    await scene.clock.advance(59_000);
    await apply();
    await hold('');
    assert.deepEqual(scene.types(), ['connected']);

    await hold('PodNotFound: pod pg-1 does not exist');
    await scene.clock.advance(60_000);
    await hold('PodWithoutNode: pod pg-1 has no node');
    await scene.clock.advance(600_000);
    await apply();
    await hold('');
    assert.deepEqual(scene.types(), ['connected', 'held', 'settled']);
    assert.equal(scene.events()[1]?.data.reason, 'PodWithoutNode: pod pg-1 has no node');
  });

  test('a hold also while the service says that it moves, but not a move itself', async () => {
    const { apply } = scene.lead();
    await apply();
    for (const reason of ['Moving: to pg-2', 'PodNotFound: gone']) {
      scene.status = { ...scene.status, phase: 'Transitioning', reason };
      await apply();
      await scene.clock.advance(60_000);
      await apply();
    }
    assert.deepEqual(scene.types(), ['connected', 'held']);
    assert.equal(scene.events()[1]?.data.reason, 'PodNotFound: gone');
  });

  test('a hold not before its minute is over, though the next leader’s clock is ahead', async () => {
    const first = scene.lead();
    await first.apply();
    scene.status = { ...scene.status, phase: 'Held', reason: 'PodNotFound: gone' };
    await first.apply();
    await scene.clock.advance(2_000);
    await first.end();
    const next = scene.lead({}, scene.clock.process({ skew: 120_000, origin: 99 }));
    await next.apply();
    await scene.clock.advance(58_000);
    await next.apply();
    assert.deepEqual(scene.types(), ['connected']);
    await scene.clock.advance(2_000);
    await next.apply();
    assert.deepEqual(scene.types(), ['connected', 'held']);
    await next.end();
  });

  test('a hold that ends in another site is told as that alone', async () => {
    const { apply } = scene.lead();
    await apply();
    scene.status = { ...scene.status, phase: 'Held', reason: 'PodNotFound: gone' };
    await apply();
    await scene.clock.advance(60_000);
    await apply();
    scene.move('eu');
    scene.status = { ...scene.status, phase: 'Settled', reason: '' };
    await apply();
    assert.deepEqual(scene.types(), ['connected', 'held', 'site-changed']);
  });
});

test('the report holds neither URL nor secret', async () => {
  scene.answer = () => new PostError('no answer (ECONNREFUSED)');
  await scene.lead().apply();
  assert.doesNotMatch(JSON.stringify([...scene.sections]), /T0KEN|hooks\.example|whsec|BQUF/);
});

test('both secrets of a rotation sign', async () => {
  const older = `whsec_${Buffer.alloc(32, 6).toString('base64')}`;
  const both = {
    NOTIFY: ENV.NOTIFY.replace('}]}]', '},{"env":"OLDER"}]}]'),
    OLDER: older,
  };
  await scene.lead(both).apply();
  const [request] = scene.requests;
  assert.ok(request);
  // The clock of the test is not the verifier's: only the signatures are compared.
  const at = new Date(Number(request.headers['webhook-timestamp']) * 1_000);
  const signatures = [SECRET, older].map((secret) =>
    new Webhook(secret).sign(request.headers['webhook-id'] ?? '', at, request.body),
  );
  assert.equal(request.headers['webhook-signature'], signatures.join(' '));
});
