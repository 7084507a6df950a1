import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { NODES, PODS, type Pod } from '../../kubernetes/resources.ts';
import { FakeCluster, TestLeadership } from '../../test/support/fake-cluster.ts';
import type { ResolvedObservation } from '../decide.ts';
import type { NodeFacts } from './kept-nodes.ts';
import { siteNodes } from './site-nodes.ts';
import { Sites } from './sites.ts';

let kube: FakeCluster;
let leadership: TestLeadership;
let wakes: number;
let kept: string[];

beforeEach(() => {
  kube = new FakeCluster(['app']);
  leadership = new TestLeadership();
  wakes = 0;
  kept = [];
});

const LOST: ResolvedObservation = { kind: 'unknown', reason: 'PrimaryEmpty', message: 'nobody' };

/** With what it has last said as its memory, as it is published. */
function watched(sites: Sites) {
  const nodes = siteNodes(kube.watchPorts, sites, {
    onChange: () => {
      wakes += 1;
    },
    onKept: (notes) => kept.push(...notes),
    onFailure: (error) => assert.fail(String(error)),
  });
  let before: NodeFacts['before'];
  const bySite = () => {
    const found = nodes.bySite({ before, resolved: LOST });
    if (found !== undefined) before = { activeSite: '', activeNode: '', sites: found };
    return found;
  };
  return { bySite, run: (abort: AbortSignal) => nodes.run(abort) };
}

function createNode(name: string, region: string): void {
  kube.create(NODES, { metadata: { name, labels: { region } } });
}

const BY_LABEL = new Sites([
  { name: 'us', nodeNames: ['us-1'] },
  { name: 'eu', nodeNames: [], nodeSelector: 'region=eu' },
  { name: 'ap', nodeNames: [], nodeSelector: 'region=ap' },
]);

describe('the nodes of the sites', () => {
  test('are those configured where no label decides, and nothing is watched', async () => {
    const nodes = watched(new Sites([{ name: 'us', nodeNames: ['us-2', 'us-1'] }]));
    void nodes.run(leadership.abort);
    assert.deepEqual(nodes.bySite(), { us: ['us-1', 'us-2'] });
    await kube.clock.advance(60_000);
    assert.deepEqual(kube.calls, []);
    leadership.end();
  });

  test('are not known before they were listed, and then wake the loop', async () => {
    createNode('eu-1', 'eu');
    const nodes = watched(BY_LABEL);
    const running = nodes.run(leadership.abort);
    assert.equal(nodes.bySite(), undefined);
    await kube.clock.advance(1_000);
    assert.deepEqual(nodes.bySite(), { us: ['us-1'], eu: ['eu-1'], ap: [] });
    assert.ok(wakes > 0);
    leadership.end();
    await running;
    assert.equal(kube.process.pending, 0);
  });

  test('stay unknown while the list fails: an unknown node is not one that left', async () => {
    kube.judge = () => 'server error';
    const nodes = watched(BY_LABEL);
    void nodes.run(leadership.abort);
    await kube.clock.advance(60_000);
    assert.equal(nodes.bySite(), undefined);
    leadership.end();
  });

  test('come, lose their labels, come back and go while it runs', async () => {
    const nodes = watched(BY_LABEL);
    void nodes.run(leadership.abort);
    await kube.clock.advance(1_000);
    const metadata = { namespace: 'app', name: 'p', labels: { 'site-follower/gate': 'condition' } };
    kube.create<Pod>(PODS, { metadata, spec: { nodeName: 'n-1' } });
    const label = (region: string) => () =>
      kube.change(NODES, { metadata: { name: 'n-1', labels: { region } } });
    const remove = (name: string) => () => kube.server.delete('test', NODES, { name }, {});
    const steps: readonly [string, () => unknown, readonly string[]][] = [
      ['joins', () => createNode('n-1', 'eu'), ['n-1']],
      ['another one joins', () => createNode('n-0', 'eu'), ['n-0', 'n-1']],
      ['loses its label', label('nowhere'), ['n-0', 'n-1']],
      ['is gone, and a pod of ours runs on it', remove('n-1'), ['n-0', 'n-1']],
      ['comes again without its label', () => createNode('n-1', ''), ['n-0', 'n-1']],
      ['has its label again', label('eu'), ['n-0', 'n-1']],
      ['is claimed by another site', label('ap'), ['n-0']],
      ['is gone', remove('n-0'), ['n-0']],
    ];
    for (const [what, change, expected] of steps) {
      wakes = 0;
      change();
      await kube.clock.advance(500);
      assert.deepEqual(nodes.bySite()?.eu, expected, what);
      assert.equal(wakes, 1, what);
    }
    wakes = 0;
    await kube.clock.advance(500);
    assert.equal(wakes, 1, 'nothing of ours runs there');
    assert.deepEqual(nodes.bySite()?.eu, []);
    const note = 'node n-1 matches no site any more and is kept in eu';
    assert.deepEqual(kept, [note, note], 'once each time');
    leadership.end();
  });

  test('do not wake the loop for what the kubelet writes all the time', async () => {
    createNode('n-1', 'eu');
    void watched(BY_LABEL).run(leadership.abort);
    await kube.clock.advance(1_000);
    wakes = 0;
    kube.change(NODES, { metadata: { name: 'n-1' }, status: { conditions: [{ type: 'Ready' }] } });
    await kube.clock.advance(1_000);
    assert.equal(wakes, 0);
    leadership.end();
  });
});
