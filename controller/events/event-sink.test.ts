import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { KubeObject } from '../../kubernetes/api.ts';
import type { KubeEvent } from '../../kubernetes/resources.ts';
import { FakeApi } from '../../kubernetes/testing/fake-api.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { createLog } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import type { EventSink } from './event-rules.ts';
import { eventsOn } from './event-sink.ts';

const REFERENCE = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'ops', name: 'status', uid: 'u' };
/** Each takes so long to be written. */
const WRITE_MS = 20;

let clock: VirtualClock;
let written: string[];
let lines: string[];
let events: EventSink;

beforeEach(() => {
  clock = new VirtualClock();
  written = [];
  lines = [];
  const api = new FakeApi();
  api.create = async <T extends KubeObject>(_resource: unknown, object: T): Promise<T> => {
    await new Promise<void>((resolve) => clock.after(WRITE_MS, resolve));
    written.push((object as KubeObject as KubeEvent).note ?? '');
    return object;
  };
  const log = createLog({ level: 'info', destination: { write: (line) => lines.push(line) } });
  const ports = { api, clock, random: () => 0.5, identity: 'pod-1', log, metrics: createMetrics('1') };
  events = eventsOn({ reference: REFERENCE }, ports);
});

function flood(namespace: string, count: number): void {
  for (let index = 0; index < count; index += 1) {
    events({ reason: 'ServiceEmpty', namespace, note: `Service ${namespace}/${index} is empty` });
  }
}

describe('a tenant whose thousands of Services are empty at once', () => {
  test('has no news of the follower pushed out, and none of another tenant', async () => {
    flood('loud', 2_000);
    events({ reason: 'SiteChanged', note: 'moved' });
    flood('quiet', 3);
    await clock.advance(WRITE_MS);
    assert.ok(written.includes('moved'), 'it waited behind those of the tenant');
    await clock.advance(60_000);
    assert.deepEqual(
      written.filter((note) => note.includes('quiet')),
      ['0', '1', '2'].map((index) => `Service quiet/${index} is empty`),
    );
  });

  test('is told once how it is, and fills neither the namespace nor the log', async () => {
    for (let second = 0; second < 60; second += 1) {
      flood('loud', 100);
      await clock.advance(1_000);
    }
    const summaries = written.filter((note) => !note.startsWith('Service'));
    assert.deepEqual(summaries, ['Namespace loud: there is more of this than is told one by one']);
    assert.ok(written.length < 60, `${written.length} Events`);
    assert.deepEqual(lines, []);
  });
});
