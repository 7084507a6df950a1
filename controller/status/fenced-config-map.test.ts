import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { ANNOTATIONS } from '../../contract/names.ts';
import { isAlreadyExists, isConflict } from '../../kubernetes/errors.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../kubernetes/resources.ts';
import { FakeCluster, OPS, script, TestLeadership } from '../../test/support/fake-cluster.ts';
import { DeposedError, FencedConfigMap, type StoredConfigMap, termOf } from './fenced-config-map.ts';

const KEY = { namespace: OPS, name: 'status' };

let kube: FakeCluster;
let leader: TestLeadership;
let map: FencedConfigMap;

beforeEach(() => {
  kube = new FakeCluster();
  leader = new TestLeadership(5);
  map = new FencedConfigMap(kube.api, KEY, 'status', 'main');
});

/** The outcome of a call, after the time that it takes. */
const settled = <T>(work: Promise<T>) => kube.clock.settled(work, 10_000);

const read = () => settled(map.read(leader.abort));
const write = (found: StoredConfigMap, data: Record<string, string>, by = leader) =>
  settled(map.write(found, data, by));
const stored = () => kube.server.get<ConfigMap>(CONFIG_MAPS, KEY);
const withTerm = (term: string): ConfigMap => ({
  metadata: { ...KEY, annotations: { [ANNOTATIONS.term]: term } },
});

describe('a fenced ConfigMap', () => {
  test('that does not exist is found empty, and of no term', async () => {
    assert.deepEqual(await read(), { object: undefined, data: {}, term: -1 });
    assert.deepEqual(map.reference, { apiVersion: 'v1', kind: 'ConfigMap', ...KEY });
  });

  test('is created with our labels and the term of its writer', async () => {
    await write(await read(), { a: '1' });
    const { data, metadata } = stored();
    assert.deepEqual(data, { a: '1' });
    assert.deepEqual(metadata.labels, {
      'app.kubernetes.io/managed-by': 'kube-site-follower',
      'site-follower/role': 'status',
      'site-follower/follower': 'main',
    });
    assert.deepEqual(metadata.annotations, { 'site-follower/term': '5' });
    assert.deepEqual(map.reference.uid, metadata.uid);
  });

  test('can be written again on what the last write gave', async () => {
    const first = await write(await read(), { a: '1' });
    const second = await write(first, { a: '2' });
    assert.deepEqual([second.data, second.term, kube.count('get configmaps')], [{ a: '2' }, 5, 1]);
  });

  test('keeps what others have put there', async () => {
    const metadata = { ...KEY, labels: { team: 'blue' }, annotations: { note: 'mine' } };
    kube.create<ConfigMap>(CONFIG_MAPS, { metadata, data: { theirs: 'x', a: '0' } });
    await write(await read(), { a: '1' });
    const { data, metadata: after } = stored();
    assert.deepEqual(data, { theirs: 'x', a: '1' });
    assert.deepEqual([after.labels?.team, after.annotations?.note], ['blue', 'mine']);
  });

  test('is not written over what somebody else wrote since it was read', async () => {
    const nothing = await read();
    kube.create<ConfigMap>(CONFIG_MAPS, { metadata: KEY });
    await assert.rejects(write(nothing, { a: '1' }), isAlreadyExists);
    const found = await read();
    kube.change(CONFIG_MAPS, { metadata: { ...KEY, labels: { team: 'blue' } } });
    await assert.rejects(write(found, { a: '1' }), isConflict);
    assert.equal(stored().data, undefined);
  });

  test('is not brought back from an earlier life', async () => {
    const found = await write(await read(), { a: '1' });
    kube.server.delete('test', CONFIG_MAPS, KEY, {});
    kube.create<ConfigMap>(CONFIG_MAPS, { metadata: KEY });
    await assert.rejects(write(found, { a: '2' }), isConflict);
  });

  test('fails to be read aloud when the API fails', async () => {
    kube.judge = () => 'server error';
    await assert.rejects(read(), /the server answers 5/);
  });
});

test('a ConfigMap that is made again is there again though a balancer sends each request twice', async () => {
  await write(await read(), { epoch: '7' });
  const { uid } = stored().metadata;
  kube.judge = script('delete', 'configmaps', ['sent twice']);
  await settled(map.write(await read(), { epoch: '8' }, leader, true));
  assert.notEqual(stored().metadata.uid, uid);
  assert.equal(stored().data?.epoch, '8');
});

describe('the fence', () => {
  test('stops a leader whom a later one has followed', async () => {
    kube.create(CONFIG_MAPS, withTerm('6'));
    const found = await read();
    leader.confirmable = false;
    await assert.rejects(write(found, { a: '1' }), DeposedError);
    assert.equal(kube.count('replace configmaps'), 0);
  });

  test('lets a leader go on above a term that nobody holds any more', async () => {
    kube.create(CONFIG_MAPS, withTerm('6'));
    await write(await read(), { a: '1' });
    assert.deepEqual([leader.term, termOf(stored())], [7, 7]);
  });

  test('makes nothing of a term that no Lease can have: somebody wrote it by hand', async () => {
    kube.create(CONFIG_MAPS, withTerm('2000000001'));
    await write(await read(), { a: '1' });
    assert.deepEqual([leader.term, termOf(stored())], [5, 5]);
  });

  test('stops a leader whose Lease has run out', async () => {
    const found = await read();
    leader.held = false;
    await assert.rejects(write(found, { a: '1' }), /the Lease has run out/);
    assert.equal(kube.count('create configmaps'), 0);
  });

  test('shuts out what a predecessor sends late, once its successor has written', async () => {
    const found = await write(await read(), { epoch: '7' });
    const successor = new TestLeadership(6);
    await write(await read(), { epoch: '8' }, successor);
    await assert.rejects(write(found, { epoch: '7' }), isConflict);
    assert.equal(stored().data?.epoch, '8');
  });
});

test('the term of anything is a number, and -1 where there is none', () => {
  for (const [text, term] of [
    ['0', 0],
    ['12', 12],
    ['-1', -1],
    ['1e3', -1],
    ['', -1],
    ['9'.repeat(16), -1],
  ] as const) {
    assert.equal(termOf(withTerm(text)), term, text);
  }
  assert.equal(termOf({ metadata: KEY }), -1);
  fc.assert(fc.property(fc.string(), (text) => Number.isSafeInteger(termOf(withTerm(text)))));
});
