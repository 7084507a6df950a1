import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { PODS, type Pod } from '../../kubernetes/resources.ts';
import type { FakeCluster } from '../../test/support/fake-cluster.ts';
import { WatchScene } from '../../test/support/watch-scene.ts';
import { SharedReflector } from './shared-reflector.ts';

let scene: WatchScene;
let kube: FakeCluster;
let pods: SharedReflector<Pod, string>;

beforeEach(() => {
  scene = new WatchScene();
  ({ kube } = scene);
  pods = new SharedReflector(kube.watchPorts, { resource: PODS, transform: ({ metadata }) => metadata.name });
});
afterEach(() => scene.stop());

const soon = () => scene.soon();
const create = (name: string) => kube.create<Pod>(PODS, { metadata: { namespace: 'app', name } });

function listen() {
  const heard: string[] = [];
  const onChange = (_key: string, now: string | undefined, before: string | undefined) =>
    heard.push(now ?? `-${before}`);
  const listener = { onChange, onSynced: () => heard.push('synced') };
  return { heard, ...scene.listen((abort) => pods.listen(listener, abort)) };
}

describe('a watch that followers share', () => {
  test('is one, of which each hears everything, also who comes later', async () => {
    create('a');
    const [one, other] = [listen(), listen()];
    await soon();
    create('b');
    await soon();
    const late = listen();
    kube.server.delete('test', PODS, { namespace: 'app', name: 'a' }, {});
    await soon();
    assert.deepEqual(one.heard, ['a', 'synced', 'b', '-a']);
    assert.deepEqual(other.heard, one.heard);
    assert.deepEqual(late.heard, ['a', 'b', 'synced', '-a']);
    assert.deepEqual([kube.count('list pods'), kube.count('watch pods')], [1, 1]);
  });

  test('ends with the last of them, and begins anew with the next one', async () => {
    create('a');
    const [one, other] = [listen(), listen()];
    await soon();
    one.end.abort();
    await one.ended;
    create('b');
    await soon();
    other.end.abort();
    await other.ended;
    create('c');
    await soon();
    const again = listen();
    await soon();
    assert.deepEqual(one.heard, ['a', 'synced']);
    assert.deepEqual(other.heard, ['a', 'synced', 'b']);
    assert.deepEqual(again.heard.toSorted(), ['a', 'b', 'c', 'synced']);
    assert.equal(kube.count('list pods'), 2);
  });
});
