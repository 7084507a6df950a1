import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { MOST_WAITING } from '../../../notify/ledger.ts';
import { PostError } from '../../../notify/post.ts';
import { type CloudEvent, NotifyScene } from './testing/scene.ts';

let scene: NotifyScene;

beforeEach(() => {
  scene = new NotifyScene();
});

describe('a target that fails', () => {
  test('has its hour with a leader whose clock is hours ahead', async () => {
    scene.answer = () => ({ status: 503 });
    const first = scene.lead();
    await first.apply();
    await first.end();
    const next = scene.lead({}, scene.clock.process({ skew: 7_200_000, origin: 99 }));
    await next.apply();
    await scene.clock.advance(3_000_000);
    assert.equal(
      scene.outcomes.some((outcome) => outcome.includes('given up')),
      false,
    );
    await scene.clock.advance(900_000);
    assert.equal(scene.outcomes.at(-1), 'on-call given up answered 503');
    await next.end();
  });

  test('is tried again for an hour with the same id and body, ever more slowly, each time signed again', async () => {
    scene.answer = () => ({ status: 503 });
    const { apply } = scene.lead();
    await apply();
    assert.match(await apply(), /on-call: answered 503, 1 waiting/);
    await scene.clock.advance(3 * 3_600_000);
    assert.equal(new Set(scene.requests.map(({ headers }) => headers['webhook-id'])).size, 1);
    assert.equal(new Set(scene.requests.map(({ body }) => body)).size, 1);
    assert.ok(scene.requests.length > 12 && scene.requests.length < 30, `${scene.requests.length} attempts`);
    const last = scene.requests.at(-1)?.at ?? 0;
    assert.ok(last <= 3_600_000 && last > 3_000_000, `given up after ${last} ms`);
    const gaps = scene.requests.slice(1).map(({ at }, index) => at - (scene.requests[index]?.at ?? 0));
    assert.ok((gaps[0] ?? 0) >= 1_000 && (gaps[0] ?? 0) <= 2_000 && gaps.every((gap) => gap <= 300_000));
    for (const { headers, at } of scene.requests) {
      assert.equal(headers['webhook-timestamp'], String(Math.floor((Date.UTC(2026, 0, 1) + at) / 1000)));
    }
    assert.equal(scene.outcomes.at(-1), 'on-call given up answered 503');
    assert.equal(await apply(), '', 'what was given up is no trouble any more');
  });

  test('gets all that waits in order as soon as it answers', async () => {
    scene.answer = () => new PostError('no answer (ECONNREFUSED)');
    const { apply } = scene.lead();
    await apply();
    scene.move('eu');
    scene.move('us');
    await apply();
    await scene.clock.advance(20_000);
    scene.answer = () => ({ status: 200 });
    await scene.clock.advance(60_000);
    const delivered = scene.types().slice(-3);
    assert.deepEqual(delivered, ['connected', 'site-changed', 'site-changed']);
    assert.equal(await apply(), '');
  });

  test('is waited for as long as it asks, but not for ever', async () => {
    scene.answer = () => ({ status: 429, retryAfterMs: 120_000 });
    const { apply } = scene.lead();
    await apply();
    await scene.clock.advance(119_000);
    assert.equal(scene.requests.length, 1);
    scene.answer = () => ({ status: 503, retryAfterMs: 99_999_000 });
    await scene.clock.advance(2_000);
    assert.equal(scene.requests.length, 2);
    await scene.clock.advance(900_000);
    assert.equal(scene.requests.length, 3);
  });

  test('with a redirect is not followed', async () => {
    scene.answer = () => ({ status: 302 });
    await scene.lead().apply();
    assert.match(scene.outcomes.join(), /failed answered 302: a redirect, which is not followed/);
  });

  for (const refusal of [400, 410, 413, 422]) {
    test(`for good with ${refusal} is not asked again about that, and then told the next`, async () => {
      scene.answer = () => ({ status: scene.requests.length === 1 ? refusal : 204 });
      const { apply } = scene.lead();
      await apply();
      scene.move('eu');
      await apply();
      await scene.clock.advance(300_000);
      assert.deepEqual(scene.types(), ['connected', 'site-changed']);
      assert.deepEqual(scene.outcomes, [`on-call given up answered ${refusal}`, 'on-call delivered']);
    });
  }

  test('delays no other target', async () => {
    const two = {
      NOTIFY: JSON.stringify(
        ['a', 'b'].map((name) => ({
          name,
          url: `https://${name}.example/`,
          secrets: [{ env: 'ON_CALL_SECRET' }],
        })),
      ),
    };
    scene.answer = () =>
      scene.requests.at(-1)?.url.includes('a.example') ? new PostError('no answer') : { status: 204 };
    const { apply } = scene.lead(two);
    await apply();
    scene.move('eu');
    await apply();
    const toB = scene.requests.filter(({ url }) => url.includes('b.example'));
    assert.deepEqual(
      toB.map(({ body }) => (JSON.parse(body) as CloudEvent).type),
      ['site-follower.connected', 'site-follower.site-changed'],
    );
  });

  test('keeps a bounded queue: the oldest make room', async () => {
    scene.answer = () => new PostError('no answer');
    const { apply } = scene.lead();
    await apply();
    for (let count = 0; count < 40; count++) {
      scene.move(count % 2 === 0 ? 'eu' : 'us');
      await apply();
    }
    const { targets } = scene.sections.get('notify') as {
      targets: Record<string, { waiting: unknown[]; dropped: number }>;
    };
    assert.equal(targets['on-call']?.waiting.length, MOST_WAITING);
    assert.equal(targets['on-call']?.dropped, 41 - MOST_WAITING);
    scene.answer = () => ({ status: 200 });
    scene.requests = [];
    await scene.clock.advance(600_000);
    assert.deepEqual(
      [...new Set(scene.events().map(({ data }) => data.epoch))].slice(-MOST_WAITING),
      Array.from({ length: MOST_WAITING }, (_, index) => 41 - MOST_WAITING + 1 + index),
    );
  });
});
