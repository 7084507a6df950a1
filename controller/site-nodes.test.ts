import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { NODES } from '../kubernetes/resources.ts';
import { SimulatedCluster, TestLeadership } from '../test/support/simulated-cluster.ts';
import { siteNodes } from './site-nodes.ts';
import { Sites } from './sites.ts';

let kube: SimulatedCluster;
let leadership: TestLeadership;
let wakes: number;

beforeEach(() => {
  kube = new SimulatedCluster();
  leadership = new TestLeadership();
  wakes = 0;
});

function watched(sites: Sites) {
  return siteNodes(kube.watchPorts, sites, () => {
    wakes += 1;
  });
}

function createNode(name: string, region: string): void {
  kube.create(NODES, { metadata: { name, labels: { region } } });
}

const BY_LABEL = new Sites([
  { name: 'us', nodeNames: ['us-1'] },
  { name: 'eu', nodeNames: [], nodeSelector: 'region=eu' },
]);

describe('the nodes of the sites', () => {
  test('are those configured where no label decides, and nothing is watched', () => {
    const nodes = watched(new Sites([{ name: 'us', nodeNames: ['us-2', 'us-1'] }]));
    assert.deepEqual(nodes.bySite(), { us: ['us-1', 'us-2'] });
    assert.equal('run' in nodes, false);
    assert.deepEqual(kube.calls, []);
  });

  test('are not known before they were listed, and then wake the loop', async () => {
    createNode('eu-1', 'eu');
    const nodes = watched(BY_LABEL);
    const running = nodes.run?.(leadership.signal);
    assert.equal(nodes.bySite(), undefined);
    await kube.clock.advance(1_000);
    assert.deepEqual(nodes.bySite(), { us: ['us-1'], eu: ['eu-1'] });
    assert.ok(wakes > 0);
    leadership.end();
    await running;
    assert.equal(kube.process.pending, 0);
  });

  test('stay unknown while the list fails: an unknown node is not one that left', async () => {
    kube.judge = () => 'server error';
    const nodes = watched(BY_LABEL);
    void nodes.run?.(leadership.signal);
    await kube.clock.advance(60_000);
    assert.equal(nodes.bySite(), undefined);
    leadership.end();
  });

  test('come, go and change their site while it runs', async () => {
    const nodes = watched(BY_LABEL);
    void nodes.run?.(leadership.signal);
    await kube.clock.advance(1_000);
    const steps: readonly [() => unknown, readonly string[]][] = [
      [() => createNode('n-1', 'eu'), ['n-1']],
      [() => createNode('n-0', 'eu'), ['n-0', 'n-1']],
      [() => kube.change(NODES, { metadata: { name: 'n-1', labels: { region: 'us' } } }), ['n-0']],
      [() => kube.server.delete('test', NODES, { name: 'n-0' }, {}), []],
    ];
    for (const [change, expected] of steps) {
      wakes = 0;
      change();
      await kube.clock.advance(1_000);
      assert.deepEqual(nodes.bySite()?.eu, expected);
      assert.equal(wakes, 1);
    }
    leadership.end();
  });

  test('do not wake the loop for what the kubelet writes all the time', async () => {
    createNode('n-1', 'eu');
    void watched(BY_LABEL).run?.(leadership.signal);
    await kube.clock.advance(1_000);
    wakes = 0;
    kube.change(NODES, { metadata: { name: 'n-1' }, status: { conditions: [{ type: 'Ready' }] } });
    await kube.clock.advance(1_000);
    assert.equal(wakes, 0);
    leadership.end();
  });
});
