import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { SERVICES, type Service } from '../../../kubernetes/resources.ts';
import type { FakeCluster } from '../../../test/support/fake-cluster.ts';
import { WatchScene } from '../../../test/support/watch-scene.ts';
import { RoutedServices, type ServicesListener } from './routed-services.ts';
import type { FollowedService } from './service.ts';

let scene: WatchScene;
let kube: FakeCluster;
let services: RoutedServices;

beforeEach(() => {
  scene = new WatchScene();
  ({ kube } = scene);
  services = new RoutedServices(kube.watchPorts, ['default', 'orders']);
});
afterEach(() => scene.stop());

const soon = () => scene.soon();
const aMinute = () => kube.clock.advance(61_000);
const metadata = (name: string) => ({ namespace: 'app', name });

function create(name: string, follower = 'default'): void {
  const annotations = { 'site-follower/follower': follower };
  const labels = { 'site-follower/follow': 'true' };
  kube.create<Service>(SERVICES, { metadata: { ...metadata(name), labels, annotations }, spec: {} });
}

function listen(follower = 'default', onService: () => void = () => undefined) {
  const heard: string[] = [];
  const read: string[] = [];
  const known = new Map<string, FollowedService>();
  const listener: ServicesListener = {
    follower,
    known: () => known.values(),
    onService(key, now, before) {
      if (now !== undefined) known.set(key, now);
      if (now !== undefined || before !== undefined) heard.push(`${now === undefined ? '-' : ''}${key}`);
      onService();
    },
    onRead: (key, now) => read.push(`${now === undefined ? '-' : ''}${key}`),
    onRestored: () => heard.push('restored'),
    onReadFailed: (error) => read.push(String(error)),
  };
  return { heard, read, known, ...scene.listen((abort) => services.listen(listener, abort)) };
}

describe('the Services of all followers', () => {
  test('are listed and watched once, and each follower hears of its own', async () => {
    create('a');
    create('b', 'orders');
    const [one, other] = [listen(), listen('orders')];
    await soon();
    create('c', 'orders');
    await soon();
    assert.deepEqual([one.heard, other.heard], [['app/a'], ['app/b', 'app/c']]);
    assert.deepEqual([kube.count('list services'), kube.count('watch services')], [1, 1]);
  });

  test('are all told to a follower that comes later', async () => {
    create('a');
    create('b', 'orders');
    listen();
    await soon();
    assert.deepEqual(listen('orders').heard, ['app/b']);
    assert.equal(kube.count('list services'), 1);
  });

  test('go from one follower to another with what they ask for', async () => {
    create('a');
    const [one, other] = [listen(), listen('orders')];
    await soon();
    const annotations = { 'site-follower/follower': 'orders' };
    kube.change(SERVICES, { metadata: { ...metadata('a'), annotations } });
    await soon();
    assert.deepEqual([one.heard, other.heard], [['app/a', '-app/a'], ['app/a']]);
  });

  test('are read once a minute for all, and one that is known and was not found by itself', async () => {
    create('a');
    create('b', 'orders');
    const [one, other] = [listen(), listen('orders')];
    await soon();
    const gone = one.known.get('app/a') ?? assert.fail();
    one.known.set('app/gone', { ...gone, key: metadata('gone') });
    other.known.set('app/gone', { ...gone, key: metadata('gone') });
    await aMinute();
    assert.deepEqual(one.read.slice(0, 3), ['app/a', '-app/b', '-app/gone']);
    assert.deepEqual(other.read.slice(0, 3), ['-app/a', 'app/b', '-app/gone']);
    assert.equal(kube.count('list services app/metadata.name=gone'), 1);
  });

  test('are watched as long as one follower is left, and anew for who comes then', async () => {
    create('a');
    const [one, other] = [listen(), listen('orders')];
    await soon();
    one.end.abort();
    other.end.abort();
    await Promise.all([one.ended, other.ended]);
    create('b');
    const again = listen();
    await soon();
    assert.deepEqual([one.heard, again.heard], [['app/a'], ['app/a', 'app/b']]);
  });

  test('of which one follower cannot hear, as it has a defect, are told to the others', async () => {
    listen('default', () => {
      throw new Error('a defect');
    });
    const sound = listen('orders');
    create('a', 'orders');
    await soon();
    assert.deepEqual(sound.heard, ['app/a']);
    assert.deepEqual(kube.watchProblems, ['services: handler']);
  });
});
