import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import type { KubeObject } from './api.ts';
import { KubeError } from './errors.ts';
import { type EventNote, EventRecorder } from './events.ts';
import type { KubeEvent } from './resources.ts';
import { FakeApi } from './testing/fake-api.ts';

const NOTE: EventNote = {
  type: 'Normal',
  reason: 'SiteChanged',
  action: 'Follow',
  note: 'Site west became active',
  regarding: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'here', name: 'status', uid: 'u' },
};

describe('the event recorder', () => {
  let clock: VirtualClock;
  let written: KubeEvent[];
  let dropped: string[];
  let answer: () => Promise<void>;
  let recorder: EventRecorder;

  beforeEach(() => {
    clock = new VirtualClock();
    written = [];
    dropped = [];
    answer = () => Promise.resolve();
    const api = new FakeApi();
    api.create = async <T extends KubeObject>(_resource: unknown, object: T): Promise<T> => {
      await answer();
      written.push(object as KubeObject as KubeEvent);
      return object;
    };
    recorder = new EventRecorder({
      api,
      clock,
      random: () => 0.5,
      reportingController: 'program',
      reportingInstance: 'pod-1',
      onDropped: ({ note }, error) => dropped.push(`${note}: ${(error as Error).message}`),
    });
  });

  it('writes what the API server asks of an Event', async () => {
    recorder.record(NOTE);
    await recorder.flush();
    assert.deepEqual(written, [
      {
        metadata: { name: 'status.19b76daa8008000', namespace: 'here' },
        eventTime: '2026-01-01T00:00:00.000000Z',
        reportingController: 'program',
        reportingInstance: 'pod-1',
        ...NOTE,
      },
    ]);
  });

  it('takes one that is there already for written: the request was sent twice', async () => {
    answer = () => Promise.reject(new KubeError('exists', { status: 409, reason: 'AlreadyExists' }));
    recorder.record(NOTE);
    await recorder.flush();
    assert.deepEqual(dropped, []);
  });

  it('leaves out what it said a few minutes ago, about the same object', async () => {
    recorder.record(NOTE);
    recorder.record(NOTE);
    recorder.record({ ...NOTE, note: 'Site east became active' });
    recorder.record({ ...NOTE, regarding: { ...NOTE.regarding, uid: 'other' } });
    await recorder.flush();
    assert.equal(written.length, 3);
    await clock.advance(4 * 60_000);
    recorder.record(NOTE);
    await recorder.flush();
    assert.equal(written.length, 3);
    await clock.advance(2 * 60_000);
    recorder.record(NOTE);
    await recorder.flush();
    assert.equal(written.length, 4);
  });

  it('drops what fails, and says it again when it is recorded again', async () => {
    answer = () => Promise.reject(new KubeError('etcd is away', { status: 500, reason: 'InternalError' }));
    recorder.record(NOTE);
    await recorder.flush();
    assert.deepEqual(dropped, ['Site west became active: etcd is away']);
    answer = () => Promise.resolve();
    recorder.record(NOTE);
    await recorder.flush();
    assert.equal(written.length, 1);
  });

  it('tells only once that it may not write', async () => {
    answer = () => Promise.reject(new KubeError('forbidden', { status: 403, reason: 'Forbidden' }));
    for (let count = 0; count < 5; count += 1) recorder.record({ ...NOTE, note: `Change ${count}` });
    await recorder.flush();
    assert.deepEqual(dropped, ['Change 0: forbidden']);
  });

  it('bounds what waits', async () => {
    const gate = Promise.withResolvers<void>();
    answer = () => gate.promise;
    for (let count = 0; count < 150; count += 1) recorder.record({ ...NOTE, note: `Change ${count}` });
    assert.equal(dropped.length, 49);
    gate.resolve();
    await recorder.flush();
    assert.equal(written.length, 101);
  });

  it('cuts what the API server would refuse', async () => {
    recorder.record({
      ...NOTE,
      note: 'é'.repeat(2_000),
      regarding: { ...NOTE.regarding, name: 'n'.repeat(253) },
    });
    await recorder.flush();
    const [event] = written;
    assert.ok(event);
    assert.ok(Buffer.byteLength(event.note) <= 1_024);
    assert.match(event.note, /^é+…$/);
    assert.equal(event.metadata.name.length, 253);
  });

  it('keeps no more of an object than Kubernetes allows, however long its names are', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const gate = Promise.withResolvers<void>();
    answer = () => gate.promise;
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let count = 0; count < 150; count += 1) {
      const long = `${count}-${'x'.repeat(1_000_000)}`;
      const regarding = { apiVersion: long, kind: long, namespace: long, name: long, uid: long };
      recorder.record({ ...NOTE, reason: long, action: long, note: long, regarding });
    }
    collect();
    const grown = process.memoryUsage().heapUsed - before;
    assert.ok(grown < 5_000_000, `the heap has grown by ${grown} bytes`);
    gate.resolve();
    await recorder.flush();
    for (const { note, reason, regarding } of written) {
      const sizes = [note, reason, regarding.name, regarding.namespace ?? ''].map((text) => text.length);
      assert.ok(
        sizes.every((size) => size <= 1_024),
        String(sizes),
      );
    }
  });
});
