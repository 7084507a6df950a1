import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { PODS, type Pod } from '../kubernetes/resources.ts';
import { FakeCluster } from '../test/support/fake-cluster.ts';
import { SharedReflector } from './shared-reflector.ts';

let kube: FakeCluster;
let pods: SharedReflector<Pod, string>;
let ends: AbortController[];

beforeEach(() => {
  kube = new FakeCluster(['app']);
  pods = new SharedReflector(kube.watchPorts, { resource: PODS, transform: ({ metadata }) => metadata.name });
  ends = [];
});

afterEach(async () => {
  for (const end of ends) end.abort();
  await soon();
  assert.equal(kube.process.pending, 0, 'a timer was left');
});

const soon = () => kube.clock.advance(1_500);
const create = (name: string) => kube.create<Pod>(PODS, { metadata: { namespace: 'app', name } });

function listen() {
  const heard: string[] = [];
  const end = new AbortController();
  ends.push(end);
  const onChange = (_key: string, now: string | undefined, before: string | undefined) =>
    heard.push(now ?? `-${before}`);
  const ended = pods.listen({ onChange, onSynced: () => heard.push('synced') }, end.signal);
  return { heard, end, ended };
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
