import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { CLUSTERS } from '../../cnpg/cluster.ts';
import type { KubeObject, WatchEvent } from '../../kubernetes/api.ts';
import { isAlreadyExists, isConflict, isGone, isNotFound } from '../../kubernetes/errors.ts';
import { CONFIG_MAPS, LEASES, NAMESPACES } from '../../kubernetes/resources.ts';
import type { Change } from './api-objects.ts';
import { ApiServer } from './api-server.ts';

const key = { namespace: 'ops', name: 'settings' };
let server: ApiServer;
let changes: Change[];
let unknown: string[];

beforeEach(() => {
  changes = [];
  unknown = [];
  server = new ApiServer({
    now: () => 0,
    onChange: (change) => changes.push(change),
    onUnknown: (use) => unknown.push(use),
  });
  server.create('test', NAMESPACES, { metadata: { name: 'ops' } });
});

const settings = (value: string, metadata = {}) => ({ metadata: { ...key, ...metadata }, data: { value } });

test('a compare-and-set wins only over what it has read', () => {
  const first = server.create('one', CONFIG_MAPS, settings('1'));
  const second = server.replace('one', CONFIG_MAPS, { ...first, data: { value: '2' } });
  assert.notEqual(second.metadata.resourceVersion, first.metadata.resourceVersion);
  assert.throws(() => server.replace('two', CONFIG_MAPS, { ...first, data: { value: '3' } }), isConflict);
  assert.deepEqual(server.get(CONFIG_MAPS, key).data, { value: '2' });
  server.replace('two', CONFIG_MAPS, settings('4'));
  assert.deepEqual(server.get(CONFIG_MAPS, key).data, { value: '4' });
});

test('an object of an earlier incarnation does not replace the present one', () => {
  const first = server.create('one', CONFIG_MAPS, settings('1'));
  server.delete('one', CONFIG_MAPS, key, {});
  server.create('two', CONFIG_MAPS, settings('2'));
  const { resourceVersion: _, ...metadata } = first.metadata;
  assert.throws(() => server.replace('one', CONFIG_MAPS, { ...first, metadata }), isConflict);
  assert.throws(() => server.delete('one', CONFIG_MAPS, key, { uid: first.metadata.uid ?? '' }), isConflict);
});

test('refusals are those of the real server', () => {
  const object = server.create('one', CONFIG_MAPS, settings('1'));
  assert.throws(() => server.create('one', CONFIG_MAPS, settings('1')), isAlreadyExists);
  assert.throws(() => server.create('one', CONFIG_MAPS, object), /resourceVersion should not be set/);
  assert.throws(() => server.get(CONFIG_MAPS, { ...key, name: 'other' }), isNotFound);
  assert.throws(() => server.replace('one', CONFIG_MAPS, settings('1', { name: 'other' })), isNotFound);
  assert.throws(() => server.create('one', CONFIG_MAPS, settings('1', { namespace: 'none' })), isNotFound);
  const badData = { metadata: { ...key, name: 'bad' }, data: { epoch: 7 as unknown as string } };
  assert.throws(() => server.create('one', CONFIG_MAPS, badData), /data.epoch: not a text/);
  const badLease = { metadata: { ...key }, spec: { renewTime: '2026-01-01T00:00:00Z' } };
  assert.throws(() => server.create('one', LEASES, badLease), /spec.renewTime/);
});

test('a write that changes nothing makes no new revision', () => {
  const object = server.create('one', CONFIG_MAPS, settings('1'));
  const count = changes.length;
  const again = server.replace('one', CONFIG_MAPS, object);
  assert.equal(again.metadata.resourceVersion, object.metadata.resourceVersion);
  assert.equal(changes.length, count);
});

test('status is written by its subresource alone, and a new spec makes a new generation', () => {
  const status = { currentPrimary: 'pg-1' };
  const created = server.create('one', CLUSTERS, { metadata: { ...key }, spec: { instances: 3 }, status });
  assert.equal(created.status, undefined);
  const main = server.patch('one', CLUSTERS, key, { spec: { instances: 2 }, status }, { type: 'merge' });
  assert.equal(main.status, undefined);
  assert.equal(main.metadata.generation, 2);
  const options = { type: 'merge', subresource: 'status' } as const;
  const patched = server.patch('one', CLUSTERS, key, { spec: { instances: 1 }, status }, options);
  assert.deepEqual(patched.status, status);
  assert.deepEqual(patched.spec, { instances: 2 });
  assert.equal(patched.metadata.generation, 2);
  const stale = { metadata: { resourceVersion: '1' }, status: { targetPrimary: 'pg-2' } };
  assert.throws(() => server.patch('one', CLUSTERS, key, stale, options), isConflict);
});

test('lists come in pages, of one revision', () => {
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    server.create(
      'one',
      CONFIG_MAPS,
      settings(name, { name, labels: { odd: String('ace'.includes(name)) } }),
    );
  }
  const first = server.list(CONFIG_MAPS, { namespace: 'ops', limit: 500 });
  server.delete('one', CONFIG_MAPS, { ...key, name: 'e' }, {});
  const second = server.list(CONFIG_MAPS, { namespace: 'ops', continue: first.continue ?? '' });
  const names = [...first.items, ...second.items].map((item) => item.metadata.name);
  assert.deepEqual(names, ['a', 'b', 'c', 'd', 'e']);
  assert.equal(second.resourceVersion, first.resourceVersion);
  assert.equal(second.continue, undefined);
  assert.equal(first.items[0]?.kind, undefined);
  const odd = server.list(CONFIG_MAPS, { labelSelector: 'odd=true' });
  assert.deepEqual(
    odd.items.map((item) => item.metadata.name),
    ['a', 'c'],
  );
  const named = server.list(CONFIG_MAPS, { fieldSelector: 'metadata.name=b', metadataOnly: true });
  assert.deepEqual(
    named.items.map((item) => [item.metadata.name, item.data]),
    [['b', undefined]],
  );
  server.compact();
  assert.throws(() => server.list(CONFIG_MAPS, { continue: first.continue ?? '' }), isGone);
});

test('a watch tells what happened since its revision, and what begins or ceases to match', () => {
  const labels = { watched: 'true' };
  const since = server.create('one', CONFIG_MAPS, settings('1')).metadata.resourceVersion ?? '';
  server.replace('one', CONFIG_MAPS, settings('2', { labels }));
  const events: string[] = [];
  const push = ({ type, object }: WatchEvent<KubeObject>) =>
    events.push(`${type} ${JSON.stringify((object as { data?: unknown }).data)}`);
  const options = { resourceVersion: since, labelSelector: 'watched' };
  const stop = server.subscribe(CONFIG_MAPS, options, push);
  server.replace('one', CONFIG_MAPS, settings('3', { labels }));
  server.replace('one', CONFIG_MAPS, settings('4'));
  server.replace('one', CONFIG_MAPS, settings('5'));
  server.replace('one', CONFIG_MAPS, settings('6', { labels }));
  server.delete('one', CONFIG_MAPS, key, {});
  stop();
  server.create('one', CONFIG_MAPS, settings('7', { labels }));
  assert.deepEqual(events, [
    'ADDED {"value":"2"}',
    'MODIFIED {"value":"3"}',
    'DELETED {"value":"3"}',
    'ADDED {"value":"6"}',
    'DELETED {"value":"6"}',
  ]);
  server.compact();
  assert.throws(() => server.subscribe(CONFIG_MAPS, options, push), isGone);
});

test('what it does not know it says loudly', () => {
  assert.throws(() => server.list(CONFIG_MAPS, { fieldSelector: 'data.value=1' }), /does not know/);
  server.create('one', CONFIG_MAPS, settings('1'));
  assert.throws(() => server.patch('one', CONFIG_MAPS, key, [], { type: 'json' }), /does not know/);
  assert.equal(unknown.length, 2);
});
