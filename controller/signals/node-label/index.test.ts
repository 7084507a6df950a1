import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Status } from '../../../contract/status.ts';
import { NODES } from '../../../kubernetes/resources.ts';
import { FakeCluster, TestLeadership } from '../../../test/support/fake-cluster.ts';
import type { PublishedStatus } from '../signal.ts';
import { SignalWorker } from '../worker.ts';
import { NodeLabel } from './index.ts';

const SITES = { us: ['us-1', 'us-2'], eu: ['eu-1'] };
const LABEL = 'site-follower/active';

let kube: FakeCluster;
let leadership: TestLeadership;
let worker: SignalWorker;

beforeEach(() => {
  kube = new FakeCluster();
  leadership = new TestLeadership();
  for (const name of ['us-1', 'us-2', 'eu-1']) node(name);
});

afterEach(async () => {
  leadership.end();
  await kube.clock.advance(120_000);
  assert.equal(kube.process.pending, 0, 'a timer was left');
});

function node(name: string, labels: Record<string, string> = { zone: 'z' }): void {
  kube.create(NODES, { metadata: { name, labels } });
}

function start(follower = 'default'): void {
  const ports = { clock: kube.process, random: kube.random.next, onProgress: () => undefined };
  worker = new SignalWorker(new NodeLabel(kube.watchPorts, follower), ports);
  void worker.run(leadership);
}

const soon = () => kube.clock.advance(2_500);

function publish(activeSite: string, epoch: number, sites: Record<string, string[]> = SITES): void {
  const status = { activeSite, epoch, sites } as unknown as Status;
  const state: PublishedStatus = { follower: 'default', status, site: { name: activeSite, nodeNames: [] } };
  worker.publish(state);
}

function labelled(label = LABEL): string[] {
  const { items } = kube.server.list(NODES, { limit: 3 });
  return items.flatMap(({ metadata }) => (metadata.labels?.[label] === undefined ? [] : [metadata.name]));
}

describe('the label of nodes', () => {
  test('is on those of the active site, and moves without ever naming two', async () => {
    start();
    publish('us', 3);
    await soon();
    assert.deepEqual(labelled(), ['us-1', 'us-2']);
    assert.deepEqual(kube.server.get(NODES, { name: 'us-1' }).metadata.labels, {
      zone: 'z',
      [LABEL]: 'true',
    });
    const before = kube.changes.length;
    publish('eu', 4);
    await soon();
    assert.deepEqual(labelled(), ['eu-1']);
    const order = kube.changes.slice(before).map(({ key }) => key.name);
    assert.equal(order.at(-1), 'eu-1');
    assert.deepEqual(order.toSorted(), ['eu-1', 'us-1', 'us-2'], 'one write for each');
  });

  test('comes and goes with nodes and with their sites', async () => {
    start();
    publish('us', 3, { us: ['us-1', 'us-3'], eu: [] });
    await soon();
    assert.deepEqual(labelled(), ['us-1']);
    kube.server.delete('test', NODES, { name: 'us-2' }, {});
    node('us-3');
    await soon();
    assert.deepEqual(labelled(), ['us-1', 'us-3']);
    publish('us', 3, { us: ['us-3'], eu: [] });
    await soon();
    assert.deepEqual(labelled(), ['us-3']);
  });

  test('is put right when somebody changes it, or set it before', async () => {
    kube.change(NODES, { metadata: { name: 'eu-1', labels: { [LABEL]: 'true' } } });
    start();
    publish('us', 3);
    await soon();
    assert.deepEqual(labelled(), ['us-1', 'us-2']);
    kube.change(NODES, { metadata: { name: 'us-1', labels: { [LABEL]: 'false' } } });
    kube.change(NODES, { metadata: { name: 'us-2', labels: { [LABEL]: null } } });
    await soon();
    assert.equal(kube.server.get(NODES, { name: 'us-1' }).metadata.labels?.[LABEL], 'true');
    assert.deepEqual(labelled(), ['us-1', 'us-2']);
  });

  test('is another one for another follower', async () => {
    start('orders');
    publish('eu', 3);
    await soon();
    assert.deepEqual([labelled(), labelled(`${LABEL}-orders`)], [[], ['eu-1']]);
  });

  test('is not written by one whose Lease has run out', async () => {
    leadership.held = false;
    start();
    publish('us', 3);
    await soon();
    assert.deepEqual(labelled(), []);
  });
});
