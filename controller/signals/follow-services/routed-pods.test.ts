import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { PODS, type Pod } from '../../../kubernetes/resources.ts';
import type { FakeCluster } from '../../../test/support/fake-cluster.ts';
import { WatchScene } from '../../../test/support/watch-scene.ts';
import { type PodsListener, RoutedPods } from './routed-pods.ts';

let scene: WatchScene;
let kube: FakeCluster;
let pods: RoutedPods;

beforeEach(() => {
  scene = new WatchScene();
  ({ kube } = scene);
  pods = new RoutedPods(kube.watchPorts, ['default', 'orders']);
});
afterEach(() => scene.stop());

const soon = () => scene.soon();

function create(name: string, labels: Record<string, string> = {}): void {
  kube.create<Pod>(PODS, { metadata: { namespace: 'app', name, labels: { app: 'web', ...labels } } });
}

function listen(onPod: PodsListener['onPod'] = () => undefined) {
  const heard: string[] = [];
  const listener: PodsListener = {
    onPod(namespace, now, before) {
      heard.push(`${now?.key.name ?? `-${before?.key.name}`}`);
      onPod(namespace, now, before);
    },
    onAllKnown: () => heard.push('all'),
  };
  return { heard, ...scene.listen((abort) => pods.listen(listener, abort)) };
}

describe('the pods behind Services that follow', () => {
  test('are listed once, whoever follows, and each follower hears of every change', async () => {
    create('a');
    const [one, other] = [listen(), listen()];
    await soon();
    create('b');
    await soon();
    assert.deepEqual(one.heard, ['a', 'all', 'b']);
    assert.deepEqual(other.heard, one.heard);
    assert.equal(kube.count('list pods'), 1);
  });

  test('are all there for a follower that comes later', async () => {
    create('a', { 'site-follower/site-orders': 'eu' });
    listen();
    await soon();
    const late = listen();
    assert.deepEqual(late.heard, ['all']);
    assert.deepEqual(
      [...pods.index.in('app')].map(({ key, sites }) => [key.name, sites]),
      [['a', { orders: 'eu' }]],
    );
    assert.equal(kube.count('list pods'), 1);
  });

  test('are watched as long as one follower is left, and forgotten with the last', async () => {
    create('a');
    const [one, other] = [listen(), listen()];
    await soon();
    one.end.abort();
    await one.ended;
    create('b');
    await soon();
    assert.deepEqual(
      [one.heard, other.heard],
      [
        ['a', 'all'],
        ['a', 'all', 'b'],
      ],
    );
    other.end.abort();
    await other.ended;
    assert.equal(pods.index.sizeOf('app'), 0);
    create('c');
    const again = listen();
    await soon();
    assert.deepEqual(again.heard.toSorted(), ['a', 'all', 'b', 'c']);
    assert.deepEqual(other.heard, ['a', 'all', 'b']);
  });

  test('of which one follower cannot hear, as it has a defect, are told to the others', async () => {
    const broken = listen(() => {
      throw new Error('a defect');
    });
    const sound = listen();
    create('a');
    await soon();
    assert.deepEqual([broken.heard.includes('a'), sound.heard.includes('a')], [true, true]);
    assert.deepEqual(kube.watchProblems, ['pods: handler']);
  });

  test('keep no site of followers that there are not', async () => {
    create('a', { 'site-follower/site-strange': 'x'.repeat(60), 'site-follower/site': 'us' });
    listen();
    await soon();
    assert.deepEqual(pods.index.get({ namespace: 'app', name: 'a' })?.sites, { default: 'us' });
  });
});
