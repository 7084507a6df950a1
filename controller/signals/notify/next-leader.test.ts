import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ENV, NotifyScene } from './testing/scene.ts';

let scene: NotifyScene;

beforeEach(() => {
  scene = new NotifyScene();
});

describe('another leader', () => {
  test('sends nothing again that was delivered, and goes on with what was not, under the same id', async () => {
    const first = scene.lead();
    await first.apply();
    scene.answer = () => ({ status: 500 });
    scene.move('eu');
    await first.apply();
    await first.end();
    const id = scene.events().at(-1)?.id;
    scene.requests = [];
    scene.answer = () => ({ status: 204 });
    const second = scene.lead();
    await second.apply();
    assert.deepEqual(
      scene.events().map((event) => event.id),
      [id],
    );
    await second.end();
    scene.requests = [];
    await scene.lead().apply();
    assert.deepEqual(scene.requests, []);
  });

  test('tells what its predecessor could not even queue', async () => {
    const first = scene.lead();
    await first.apply();
    await first.end();
    scene.move('eu');
    scene.move('us');
    await scene.lead().apply();
    assert.deepEqual(scene.types(), ['connected', 'site-changed', 'site-changed']);
  });

  test('that has lost the Lease without knowing sends nothing', async () => {
    const deposed = scene.lead();
    deposed.leadership.held = false;
    await deposed.apply();
    assert.deepEqual(scene.requests, []);
  });

  test('begins again where the report was edited into garbage', async () => {
    for (const garbage of [
      null,
      7,
      [],
      { targets: [] },
      { targets: { 'on-call': { epoch: 'x' } }, hold: 7 },
    ]) {
      scene.requests = [];
      scene.sections.set('notify', garbage);
      const leader = scene.lead();
      await leader.apply();
      assert.deepEqual(scene.types(), ['connected'], JSON.stringify(garbage));
      await leader.end();
    }
  });

  test('tells a new target that it is connected, and forgets one that is not configured any more', async () => {
    const first = scene.lead();
    await first.apply();
    await first.end();
    await scene.lead({ NOTIFY: ENV.NOTIFY.replace('on-call', 'others') }).apply();
    assert.deepEqual(scene.types(), ['connected', 'connected']);
    assert.deepEqual(Object.keys((scene.sections.get('notify') as { targets: object }).targets), ['others']);
  });
});
