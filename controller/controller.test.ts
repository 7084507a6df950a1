import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { REPORT_CONFIGMAP } from '../contract/names.ts';
import type { KubeApi } from '../kubernetes/api.ts';
import { KubeError } from '../kubernetes/errors.ts';
import { RestoreDetector } from '../kubernetes/etcd-restore.ts';
import { CONFIG_MAPS, LEASES } from '../kubernetes/resources.ts';
import { OPS } from '../test/support/fake-cluster.ts';
import { FollowerScene, STATUS_MAP, serviceConfig } from '../test/support/follower-scene.ts';
import { settlesWithin } from '../test/support/virtual-clock.ts';
import { Controller } from './controller.ts';

const LEASE = { namespace: OPS, name: 'kube-site-follower' };

let kube: FollowerScene;
let stop: AbortController;
let ended: Promise<unknown>[];

beforeEach(() => {
  kube = new FollowerScene();
  stop = new AbortController();
  ended = [];
});

afterEach(async () => {
  stop.abort(new Error('SIGTERM'));
  await kube.clock.advance(60_000);
  await Promise.all(ended);
  assert.equal(kube.process.pending, 0, 'a timer was left');
});

function start(
  env: Readonly<Record<string, string>> = {},
  { identity = 'replica-a', signal: abort = stop.signal, api = kube.api } = {},
): Controller {
  const controller = new Controller(serviceConfig(env), { ...kube.servicePorts(identity), api });
  ended.push(controller.run(abort));
  return controller;
}

const soon = () => kube.clock.advance(3_000);
const holder = () => kube.server.find(LEASES, LEASE)?.spec?.holderIdentity;
const site = (controller: Controller) => controller.status().followers[0]?.status?.activeSite;

describe('a controller', () => {
  test('takes the Lease, leads, and shows it', async () => {
    const controller = start();
    assert.deepEqual(controller.ready(), { ok: false, reasons: ['the status has not been read yet'] });
    await soon();
    assert.equal(holder(), 'replica-a');
    const { identity, leader, dryRun, followers } = controller.status();
    assert.deepEqual([identity, leader, dryRun], ['replica-a', true, false]);
    assert.deepEqual([followers.length, site(controller)], [1, 'us']);
    assert.deepEqual(controller.ready(), { ok: true, reasons: [] });
    assert.deepEqual(controller.health(), { ok: true, reason: '' });
    assert.deepEqual([await kube.metric('leader'), await kube.metric('leader_transitions_total')], [1, 1]);
  });

  test('puts status and report right as soon as it finds that etcd was restored, and not at the next pass', async () => {
    const controller = start({}, { api: new RestoreDetector(kube.api) });
    await soon();
    const copy = kube.server.copy();
    kube.moveTo('pg-2');
    await kube.clock.advance(20_000);
    kube.server.restored('test', copy, ({ plural }) => ['clusters', 'pods', 'nodes'].includes(plural));
    assert.equal(kube.server.find(CONFIG_MAPS, STATUS_MAP)?.data?.epoch, '1');
    await soon();
    assert.equal(kube.server.find(CONFIG_MAPS, STATUS_MAP)?.data?.epoch, '2');
    const report = { namespace: OPS, name: REPORT_CONFIGMAP };
    const history = JSON.parse(kube.server.find(CONFIG_MAPS, report)?.data?.history ?? '[]') as unknown[];
    assert.equal(history.length, 2);
    assert.equal(site(controller), 'eu');
  });

  test('tells its listeners of each change, until they leave', async () => {
    const controller = start();
    await soon();
    const seen: (string | undefined)[] = [];
    const leave = controller.onChange(() => seen.push(site(controller)));
    kube.moveTo('pg-2');
    await soon();
    assert.ok(seen.includes('eu'));
    leave();
    const count = seen.length;
    kube.moveTo('pg-1');
    await soon();
    assert.deepEqual([seen.length, site(controller)], [count, 'us']);
  });

  test('gives the Lease back when it stops, and the other one takes over at once', async () => {
    const other = new AbortController();
    start({}, { signal: other.signal });
    await soon();
    const standby = start({}, { identity: 'replica-b' });
    await soon();
    assert.deepEqual([standby.status().leader, site(standby)], [false, 'us']);
    assert.equal(standby.ready().ok, true);
    other.abort(new Error('SIGTERM'));
    await kube.clock.advance(500);
    assert.deepEqual([standby.status().leader, holder()], [true, 'replica-b']);
    kube.moveTo('pg-2');
    await soon();
    assert.equal(site(standby), 'eu');
  });

  test('without election needs no Lease', async () => {
    const controller = start({ LEADER_ELECTION: 'false' });
    await soon();
    assert.deepEqual([site(controller), holder(), controller.status().leader], ['us', undefined, true]);
  });

  test('without election takes over from one that had it', async () => {
    const other = new AbortController();
    start({}, { signal: other.signal });
    await soon();
    other.abort(new Error('SIGTERM'));
    await soon();
    const controller = start({ LEADER_ELECTION: 'false' }, { identity: 'replica-b' });
    kube.moveTo('pg-2');
    await soon();
    assert.equal(site(controller), 'eu');
  });

  test('in a dry run takes no Lease from one that works, and writes nothing', async () => {
    const before = kube.changes.length;
    const controller = start({ DRY_RUN: 'true' });
    await kube.clock.advance(60_000);
    assert.equal(kube.changes.length, before);
    assert.equal(controller.status().dryRun, true);
    assert.equal(kube.logged('active site changed').length, 1);
  });

  test('leads in a dry run beside another one, and both log', async () => {
    const controllers = ['replica-a', 'replica-b'].map((identity) =>
      start({ DRY_RUN: 'true' }, { identity }),
    );
    await soon();
    assert.deepEqual(
      controllers.map((controller) => controller.status().leader),
      [true, true],
    );
    assert.equal(kube.logged('active site changed').length, 2);
  });
});

describe('a controller that does not lead any more', () => {
  test('does not go on to show what it knew as the leader', async () => {
    const controller = start();
    await soon();
    assert.equal(await kube.metric('active_site{follower="default",site="us"}'), 1);
    kube.judge = ({ resource }) => (resource.plural === 'leases' ? 'server error' : undefined);
    await kube.clock.advance(20_000);
    assert.equal(controller.status().leader, false);
    assert.equal(await kube.metric('leader'), 0);
    for (const series of [
      'active_site{follower="default",site="us"}',
      'phase{follower="default",phase="Settled"}',
      'epoch{follower="default"}',
      'held{follower="default",reason="ApiError"}',
      'signal_failures{follower="default",signal="status-copies"}',
    ]) {
      assert.equal(await kube.metric(series), undefined, series);
    }
    kube.judge = () => undefined;
    await kube.clock.advance(20_000);
    assert.equal(await kube.metric('active_site{follower="default",site="us"}'), 1);
  });
});

describe('the health of a controller', () => {
  test('is bad when a pass does not end, which only a restart can cure', async () => {
    const never = Promise.withResolvers<never>();
    const get: KubeApi['get'] = (resource, key, options) =>
      key.name === STATUS_MAP.name ? never.promise : kube.api.get(resource, key, options);
    const api = new Proxy(kube.api, {
      get: (target, name: keyof KubeApi) => {
        if (name === 'restored') return undefined;
        return name === 'get' ? get : target[name].bind(target);
      },
    });
    const controller = start({}, { api });
    await kube.clock.advance(80_000);
    assert.equal(controller.health().ok, true);
    await kube.clock.advance(20_000);
    const { ok, reason } = controller.health();
    assert.equal(ok, false);
    assert.match(reason, /^follower default has not ended a pass for \d+ s$/);
    never.reject(new Error('the test ends'));
  });

  test('is good, but it is not ready and says why, while the server refuses the status', async () => {
    let refused = true;
    const denied = new KubeError('configmaps is forbidden: quota', { status: 403, reason: 'Forbidden' });
    const replace: KubeApi['replace'] = (resource, object, options) =>
      refused && object.metadata.name === 'kube-site-follower-status'
        ? Promise.reject(denied)
        : kube.api.replace(resource, object, options);
    const api = new Proxy(kube.api, {
      get: (target, name: keyof KubeApi) => {
        if (name === 'restored') return undefined;
        return name === 'replace' ? replace : target[name].bind(target);
      },
    });
    const controller = start({}, { api });
    await soon();
    kube.moveTo('pg-2');
    await kube.clock.advance(30_000);
    assert.equal(controller.health().ok, true);
    const { ok, reasons } = controller.ready();
    assert.deepEqual([ok, reasons], [false, ['no status is published: configmaps is forbidden: quota']]);
    assert.equal(controller.status().followers[0]?.problem, reasons[0]);
    const told = kube.events().filter(({ reason }) => reason === 'StatusNotWritten');
    assert.match(told[0]?.note ?? '', /forbidden: quota/);

    refused = false;
    await kube.clock.advance(30_000);
    assert.deepEqual([controller.ready().ok, site(controller)], [true, 'eu']);
    assert.equal(controller.status().followers[0]?.problem, '');
  });

  test('shows in the metrics how long the first pass is awaited, and when one has ended well', async () => {
    const lastPass = () => kube.metric('last_pass_timestamp_seconds{follower="default"}');
    kube.judge = ({ resource }) => (resource.plural === 'configmaps' ? 'server error' : undefined);
    const controller = start();
    await soon();
    assert.equal(controller.status().leader, true);
    const began = (await lastPass()) ?? Number.NaN;
    assert.ok(Math.abs(began - kube.clock.now() / 1_000) < 4, String(began));
    await kube.clock.advance(60_000);
    assert.equal(await lastPass(), began);
    kube.judge = () => undefined;
    await kube.clock.advance(20_000);
    assert.ok(((await lastPass()) ?? 0) > began + 60);
  });

  for (const env of [{}, { LEADER_ELECTION: 'false' }, { DRY_RUN: 'true' }]) {
    test(`is good while the API server is away, with ${JSON.stringify(env)}`, async () => {
      kube.judge = () => 'refused';
      const controller = start(env);
      await kube.clock.advance(10 * 60_000);
      assert.equal(controller.health().ok, true);
      const { ok, reasons } = controller.ready();
      assert.equal(ok, false);
      assert.match(reasons.join(), /not been read yet/);
    });
  }

  test('is good on a standby for ever, and it stays ready', async () => {
    start();
    await soon();
    const standby = start({}, { identity: 'replica-b' });
    await kube.clock.advance(30 * 60_000);
    assert.deepEqual([standby.status().leader, standby.health().ok, standby.ready().ok], [false, true, true]);
  });

  test('and readiness end when the API server is lost, and come back with it', async () => {
    const controller = start();
    await soon();
    kube.judge = () => 'refused';
    await kube.clock.advance(15 * 60_000);
    assert.match(controller.ready().reasons.join(), /the API server was last heard of \d+ s ago/);
    assert.equal(controller.health().ok, true);
    kube.judge = () => undefined;
    await kube.clock.advance(60_000);
    assert.equal(controller.ready().ok, true);
  });
});

test('a controller that is stopped while it begins ends as well', async () => {
  kube.judge = () => 'answer lost';
  start();
  await kube.clock.advance(100);
  stop.abort(new Error('SIGTERM'));
  assert.ok(await settlesWithin(kube.clock, 30_000, Promise.all(ended)));
});
