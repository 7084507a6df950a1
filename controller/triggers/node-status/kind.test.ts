import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { encodeStatus } from '../../../contract/status.ts';
import { CONFIG_MAPS, NODES } from '../../../kubernetes/resources.ts';
import { statusAt } from '../../../test/support/status.ts';
import { STATUS, TriggerScene } from '../../../test/support/trigger-scene.ts';

let kube: TriggerScene;

beforeEach(() => {
  kube = new TriggerScene();
  kube.configure({ kind: 'node-status', unreadyAfter: 30 });
});

afterEach(() => kube.end());

function lose(site: 'us' | 'eu' | 'asia', ready = false): void {
  const nodes = { us: ['us-1', 'us-2'], eu: ['eu-1'], asia: ['asia-1', 'asia-2'] };
  for (const node of nodes[site]) kube.setReady(node, ready);
}

describe('the active site', () => {
  test('is the first whose nodes are ready, and stays with one of them', async () => {
    assert.equal(await kube.look(), 'us-1@us-1');
    kube.setReady('us-1', false);
    assert.equal(await kube.look(), 'us-2@us-2');
  });

  test('is left after the time to wait, which the message tells', async () => {
    await kube.look();
    lose('us');
    const at = new Date(Math.round((kube.clock.now() + 30_000) / 1000) * 1000)
      .toISOString()
      .replace('.000', '');
    const message = `site us is not ready; another one takes over at ${at}`;
    for (const ms of [0, 10_000, 18_000]) {
      await kube.clock.advance(ms);
      assert.deepEqual(await kube.observe(), { kind: 'unknown', reason: 'SiteNotReady', message });
    }
    await kube.clock.advance(3_000);
    assert.equal(await kube.look(), 'eu-1@eu-1');
    lose('us', true);
    await kube.clock.advance(3_600_000);
    assert.equal(await kube.look(), 'eu-1@eu-1', 'nobody said that it may go back by itself');
  });

  test('is not left when its nodes were ready in between, seen or not', async () => {
    await kube.look();
    lose('us');
    await kube.look();
    await kube.clock.advance(29_000);
    lose('us', true);
    lose('us');
    await kube.clock.advance(5_000);
    assert.equal(await kube.look(), 'SiteNotReady');
  });

  test('gets the service back with failback auto, once it is stable', async () => {
    kube.configure({ kind: 'node-status', unreadyAfter: 30, failback: 'auto', stableFor: 100 });
    await kube.look();
    lose('us');
    await kube.look();
    await kube.clock.advance(31_000);
    assert.equal(await kube.look(), 'eu-1@eu-1');
    lose('us', true);
    assert.equal(await kube.look(), 'eu-1@eu-1');
    await kube.clock.advance(50_000);
    kube.setReady('us-2', false);
    kube.setReady('us-2', true);
    await kube.clock.advance(60_000);
    assert.equal(await kube.look(), 'eu-1@eu-1', 'a node was lost for a moment');
    await kube.clock.advance(100_000);
    assert.equal(await kube.look(), 'us-1@us-1');
  });

  test('needs as many ready nodes as it is told', async () => {
    kube.configure({ kind: 'node-status', order: ['us', 'asia'], unreadyAfter: 0, minReadyNodes: 2 });
    assert.equal(await kube.look(), 'us-1@us-1');
    kube.setReady('us-2', false);
    assert.equal(await kube.look(), 'asia-1@asia-1');
    kube.server.delete('test', NODES, { name: 'asia-2' }, {});
    const seen = await kube.observe();
    assert.ok(seen.kind === 'unknown');
    assert.match(seen.message, /^none of the sites us, asia has 2 ready nodes$/);
    kube.createNode('asia-3', { region: 'asia' });
    assert.equal(await kube.look(), 'asia-1@asia-1');
  });

  test('keeps its nodes that have lost their labels or came back, but not those of another site', async () => {
    kube.configure({ kind: 'node-status', order: ['asia', 'us'], unreadyAfter: 0, minReadyNodes: 2 });
    assert.equal(await kube.look(), 'asia-1@asia-1');
    kube.lastSites = { asia: ['asia-1', 'asia-2', 'gone-1', 'us-1'] };
    kube.change(NODES, { metadata: { name: 'asia-1', labels: { region: '' } } });
    assert.equal(await kube.look(), 'asia-1@asia-1');
    kube.server.delete('test', NODES, { name: 'asia-1' }, {});
    kube.createNode('asia-1');
    assert.equal(await kube.look(), 'asia-1@asia-1');
    kube.server.delete('test', NODES, { name: 'asia-1' }, {});
    assert.equal(await kube.look(), 'us-1@us-1');
  });

  test('goes by the order that is given', async () => {
    kube.configure({ kind: 'node-status', order: ['asia', 'us'] });
    assert.equal(await kube.look(), 'asia-1@asia-1');
  });
});

describe('after a restart', () => {
  test('the active site is the same, though a better one is ready', async () => {
    lose('us');
    assert.equal(await kube.look(), 'eu-1@eu-1');
    lose('us', true);
    kube.restart();
    assert.equal(await kube.look(), 'eu-1@eu-1');
  });

  test('the time that was seen to pass counts, unless a node was ready meanwhile', async () => {
    for (const [flaps, expected] of [
      [false, 'eu-1@eu-1'],
      [true, 'SiteNotReady'],
    ] as const) {
      lose('us', true);
      kube.stored.clear();
      kube.restart();
      assert.equal(await kube.look(), 'us-1@us-1');
      lose('us');
      assert.equal(await kube.look(), 'SiteNotReady');
      for (const ms of [8_000, 8_000, 8_000]) {
        await kube.clock.advance(ms);
        assert.equal(await kube.look(), 'SiteNotReady');
        kube.keep();
      }
      if (flaps) {
        lose('us', true);
        lose('us');
      }
      kube.restart();
      assert.equal(await kube.look(), 'SiteNotReady');
      await kube.clock.advance(7_000);
      assert.equal(await kube.look(), expected);
    }
  });

  for (const skewMs of [-3_600_000, -120_000, 120_000, 3_600_000]) {
    test(`no site is given up early, nor gets the service back, with a clock that is ${skewMs} ms ahead`, async () => {
      kube.configure({ kind: 'node-status', unreadyAfter: 60, failback: 'auto', stableFor: 300 });
      await kube.look();
      lose('us');
      assert.equal(await kube.look(), 'SiteNotReady');
      kube.keep();
      await kube.clock.advance(2_000);
      kube.restart(skewMs);
      for (let waited = 2_000; waited < 58_000; waited += 7_000) {
        assert.equal(await kube.look(), 'SiteNotReady', `after ${waited} ms`);
        await kube.clock.advance(7_000);
      }
      await kube.clock.advance(5_000);
      assert.equal(await kube.look(), 'eu-1@eu-1');
      lose('us', true);
      assert.equal(await kube.look(), 'eu-1@eu-1');
      kube.keep();
      kube.restart(-skewMs);
      for (let waited = 0; waited < 290_000; waited += 29_000) {
        assert.equal(await kube.look(), 'eu-1@eu-1', `stable for ${waited} ms`);
        await kube.clock.advance(29_000);
      }
      await kube.clock.advance(12_000);
      assert.equal(await kube.look(), 'us-1@us-1');
    });
  }

  test('what nobody has seen does not count: it may have been otherwise', async () => {
    await kube.look();
    lose('us');
    await kube.look();
    kube.keep();
    await kube.clock.advance(3_600_000);
    kube.restart();
    assert.equal(await kube.look(), 'SiteNotReady');
    await kube.clock.advance(31_000);
    assert.equal(await kube.look(), 'eu-1@eu-1');
  });

  test('what was published later than the report counts: etcd was restored, and no better site takes over early', async () => {
    kube.configure({ kind: 'node-status', unreadyAfter: 30, failback: 'auto', stableFor: 100 });
    await kube.look();
    lose('us');
    assert.equal(await kube.look(), 'SiteNotReady');
    kube.keep();
    const old = new Map(kube.stored);
    await kube.clock.advance(31_000);
    assert.equal(await kube.look(), 'eu-1@eu-1');
    kube.stored.clear();
    for (const [section, text] of old) kube.stored.set(section, text);
    kube.siteSinceReport = 'eu';
    kube.restart();
    assert.equal(await kube.look(), 'eu-1@eu-1');
    lose('us', true);
    assert.equal(await kube.look(), 'eu-1@eu-1');
    await kube.clock.advance(101_000);
    assert.equal(await kube.look(), 'us-1@us-1');
  });

  test('what is published counts when the report was deleted, and nonsense in it does not', async () => {
    const times = '2026-01-01T00:00:00.000Z';
    const status = statusAt('eu', { primary: 'eu-1', epoch: 3, since: times, lastUpdated: times });
    kube.create(CONFIG_MAPS, { metadata: STATUS, data: { ...encodeStatus(status) } });
    for (const nonsense of [undefined, '3', '[]', '{"active":7}', 'null']) {
      kube.stored.clear();
      if (nonsense !== undefined) kube.stored.set('node-status', nonsense);
      kube.restart();
      assert.equal(await kube.look(), 'eu-1@eu-1', nonsense);
    }
    kube.stored.set('node-status', '{"active":"us","sites":{"us":{"ready":1},"eu":3}}');
    kube.restart();
    assert.equal(await kube.look(), 'us-1@us-1');
  });
});

test('another site is told only after it was stored', async () => {
  await kube.look();
  assert.equal(kube.saved.length, 1);
  kube.failSaves = new Error('the report cannot be written');
  lose('us');
  await kube.look();
  await kube.clock.advance(31_000);
  await assert.rejects(kube.observe(), /cannot be written/);
  kube.failSaves = undefined;
  assert.equal(await kube.look(), 'eu-1@eu-1');
  assert.match(kube.saved.at(-1) ?? '', /"active":"eu"/);
});

test('the controller is woken by a node that changes, and when the time to wait is over', async () => {
  await kube.watch();
  await kube.look();
  assert.equal(
    await kube.wakesBy(() => kube.change(NODES, { metadata: { name: 'us-1' }, status: { x: 1 } })),
    false,
  );
  const labels = { 'example.com/seen-at': '12:00' };
  assert.equal(
    await kube.wakesBy(() => kube.change(NODES, { metadata: { name: 'us-1', labels } })),
    false,
    'a label that no site asks for',
  );
  assert.equal(await kube.wakesBy(() => lose('us')), true);
  assert.equal(await kube.look(), 'SiteNotReady');
  await kube.clock.advance(28_000);
  assert.equal(await kube.wakesBy(() => undefined), false);
  assert.equal(await kube.wakesBy(() => undefined), true);
});
