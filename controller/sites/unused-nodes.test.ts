import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { PODS, type Pod } from '../../kubernetes/resources.ts';
import { FakeCluster, TestLeadership } from '../../test/support/fake-cluster.ts';
import { UnusedNodes } from './unused-nodes.ts';

const APP = 'app';

let kube: FakeCluster;
let leadership: TestLeadership;
let unused: UnusedNodes;
let changes: number;
let failures: unknown[];
let running: Promise<void>;

beforeEach(() => {
  kube = new FakeCluster([APP]);
  leadership = new TestLeadership();
  changes = 0;
  failures = [];
  unused = new UnusedNodes({
    api: kube.api,
    clock: kube.process,
    onChange: () => {
      changes += 1;
    },
    onFailure: (error) => failures.push(error),
  });
  running = unused.run(leadership.abort);
});

afterEach(async () => {
  leadership.end();
  await running;
  assert.equal(kube.process.pending, 0);
});

function createPod(name: string, nodeName: string, more: object): void {
  kube.create<Pod>(PODS, { metadata: { namespace: APP, name, ...more }, spec: { nodeName } });
}

async function known(...doubtful: string[]): Promise<string[]> {
  unused.ask(doubtful);
  await kube.clock.advance(5_000);
  return [...unused.known].toSorted();
}

describe('a node is in use while a pod of ours is on it:', () => {
  const kinds: readonly [string, object][] = [
    ['one that asks for the sidecar', { labels: { 'site-follower/inject': 'true' } }],
    ['one that has it', { annotations: { 'site-follower/status': 'injected' } }],
    ['one that is gated', { labels: { 'site-follower/gate': 'condition' } }],
    ['one of a Service that follows', { labels: { 'site-follower/site-orders': 'us' } }],
  ];
  for (const [what, more] of kinds) {
    test(what, async () => {
      createPod('p', 'n-1', more);
      assert.deepEqual(await known('n-1', 'n-2'), ['n-2']);
      kube.server.delete('test', PODS, { namespace: APP, name: 'p' }, {});
      await kube.clock.advance(11_000);
      assert.deepEqual([...unused.known].toSorted(), ['n-1', 'n-2']);
      assert.equal(changes, 2);
    });
  }
});

test('pods of others, and those that have ended, do not count', async () => {
  createPod('other', 'n-1', { labels: { app: 'x' } });
  createPod('done', 'n-1', { labels: { 'site-follower/inject': 'true' } });
  kube.change<Pod>(PODS, { metadata: { namespace: APP, name: 'done' }, status: { phase: 'Succeeded' } });
  assert.deepEqual(await known('n-1'), ['n-1']);
});

test('a node of which nobody knows counts as in use, and is asked for again', async () => {
  kube.judge = ({ resource }) => (resource.plural === 'pods' ? 'server error' : undefined);
  assert.deepEqual(await known('n-1'), []);
  assert.ok(failures.length > 0);
  kube.judge = () => undefined;
  await kube.clock.advance(11_000);
  assert.deepEqual([...unused.known], ['n-1']);
});

test('what is in doubt no more is forgotten', async () => {
  await known('n-1');
  assert.deepEqual(await known(), []);
});

test('of thousands only some are asked for at once, and all of them in turn', async () => {
  const names = Array.from({ length: 150 }, (_, index) => `n-${index}`);
  for (const name of names.slice(0, 100)) {
    createPod(name, name, { labels: { 'site-follower/inject': 'true' } });
  }
  unused.ask(names);
  await kube.clock.advance(60_000);
  assert.equal(unused.known.size, 50);
});
