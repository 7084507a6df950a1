import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ANNOTATIONS } from '../contract/names.ts';
import { decodeStatus, encodeStatus, type Status } from '../contract/status.ts';
import { KubeError } from '../kubernetes/errors.ts';
import { CONFIG_MAPS, type ConfigMap, NODES } from '../kubernetes/resources.ts';
import { OPS, SimulatedCluster, script, TestLeadership } from '../test/support/simulated-cluster.ts';
import { DeposedError, FencedConfigMap, termOf } from './fenced-config-map.ts';
import { Follower, type Pass, type StatusChange } from './follower.ts';
import type { Transition } from './history.ts';
import { Sites } from './sites.ts';
import type { Observation, Trigger } from './triggers/trigger.ts';
import { Wakeup } from './wakeup.ts';

const KEY = { namespace: OPS, name: 'status' };
const RESYNC_MS = 10_000;
const SITES = new Sites([
  { name: 'us', nodeNames: ['us-1', 'us-2'], ip: '192.0.2.1' },
  { name: 'eu', nodeNames: ['eu-1'], ip: '192.0.2.2' },
]);
const at = (node: string, more: object = {}): Observation => ({
  kind: 'located',
  primary: 'pg-1',
  node,
  ...more,
});
const LOST: Observation = { kind: 'unknown', reason: 'PrimaryEmpty', message: 'nobody is primary' };

let cluster: SimulatedCluster;
let leadership: TestLeadership;
let observe: () => Observation;
let changes: StatusChange[];
let passes: Pass[];
let lastTransition: Transition | undefined;
let ring: () => void;

beforeEach(() => {
  cluster = new SimulatedCluster();
  leadership = new TestLeadership(3);
  observe = () => at('us-1');
  changes = [];
  passes = [];
  lastTransition = undefined;
  for (const name of ['us-1', 'us-2', 'eu-1', 'moon-1']) cluster.create(NODES, { metadata: { name } });
});

afterEach(async () => {
  leadership.end();
  await cluster.clock.advance(60_000);
  assert.equal(cluster.process.pending, 0, 'a timer was left');
});

function start({ dryRun = false } = {}): Promise<void> {
  const trigger: Trigger = {
    watch: (wake, signal) => {
      ring = wake;
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    },
    observe: async () => observe(),
  };
  const follower = new Follower({
    api: cluster.api,
    clock: cluster.process,
    random: cluster.random.next,
    trigger,
    sites: SITES,
    nodesBySite: () => SITES.resolve([]),
    status: new FencedConfigMap(cluster.api, KEY, 'status', 'default'),
    lastTransition: () => lastTransition,
    resyncMs: RESYNC_MS,
    dryRun,
    wakeup: new Wakeup(cluster.process, 25),
    observer: { onStatus: (change) => changes.push(change), onPass: (pass) => passes.push(pass) },
  });
  return follower.run(leadership);
}

/** Until the passes that are due have ended. */
const soon = () => cluster.clock.advance(500);
const pass = () => cluster.clock.advance(RESYNC_MS);

function object(): ConfigMap | undefined {
  return cluster.server.find(CONFIG_MAPS, KEY);
}

function published(): Status {
  const status = decodeStatus(object()?.data);
  assert.ok(status !== undefined, 'the published status cannot be read');
  return status;
}

function place(): string {
  const { activeSite, activeNode, epoch, phase } = published();
  return `${activeSite} ${activeNode} ${epoch} ${phase}`;
}

const writes = () => cluster.count('create configmaps') + cluster.count('replace configmaps');

function edit(changed: Partial<Status>, term = leadership.term): void {
  const found = object();
  const data = { ...encodeStatus({ ...published(), ...changed }) };
  const annotations = { [ANNOTATIONS.term]: String(term) };
  cluster.change(CONFIG_MAPS, { ...found, metadata: { ...KEY, annotations }, data });
}

describe('a follower', () => {
  test('publishes the first place in epoch 1 and in its term', async () => {
    void start();
    await soon();
    assert.equal(place(), 'us us-1 1 Settled');
    assert.deepEqual(published().sites, { us: ['us-1', 'us-2'], eu: ['eu-1'] });
    assert.equal(termOf(object() ?? { metadata: KEY }), 3);
    assert.deepEqual([changes.length, changes[0]?.before], [1, undefined]);
  });

  test('follows at once when woken, and tells when the service moved', async () => {
    void start();
    await soon();
    observe = () => at('eu-1', { movedAt: '2026-01-01T00:00:00Z' });
    ring();
    await soon();
    assert.equal(place(), 'eu eu-1 2 Settled');
    assert.deepEqual(
      changes.map(({ before, after, movedAt }) => [before?.epoch, after.epoch, movedAt]).at(-1),
      [1, 2, '2026-01-01T00:00:00Z'],
    );
  });

  test('follows within one period when nobody wakes it', async () => {
    void start();
    await soon();
    observe = () => at('eu-1');
    await pass();
    assert.equal(place(), 'eu eu-1 2 Settled');
  });

  test('writes only when something differs', async () => {
    void start();
    await cluster.clock.advance(20 * RESYNC_MS);
    assert.equal(writes(), 1);
    assert.equal(changes.length, 1);
    assert.ok(passes.length >= 20);
    assert.deepEqual(
      passes.slice(1).filter(({ wrote, error }) => wrote || error !== undefined),
      [],
    );
  });

  test('a burst of events costs two looks', async () => {
    void start();
    await soon();
    const looks = passes.length;
    for (let index = 0; index < 100; index += 1) ring();
    await soon();
    assert.ok(passes.length - looks <= 2, `${passes.length - looks} looks`);
  });
});

describe('a follower holds the last place', () => {
  const fails = () => {
    throw new KubeError('the server is tired', { status: 500, reason: 'InternalError' });
  };
  const cases: readonly [string, () => Observation, RegExp][] = [
    ['when the trigger knows nothing', () => LOST, /^PrimaryEmpty: nobody is primary$/],
    ['when the API does not answer', fails, /^ApiError: the server is tired$/],
    ['when the node is in no site', () => at('moon-1'), /^NodeWithoutSite: pg-1 runs on node moon-1/],
    ['when the node does not exist', () => at('eu-9'), /^NodeNotFound: node eu-9 of pg-1 does not exist$/],
  ];
  for (const [name, observation, reason] of cases) {
    test(name, async () => {
      void start();
      await soon();
      observe = observation;
      ring();
      await soon();
      assert.equal(place(), 'us us-1 1 Held');
      assert.match(published().reason, reason);
      observe = () => at('us-1');
      await pass();
      assert.equal(place(), 'us us-1 1 Settled');
      assert.equal(published().reason, '');
    });
  }

  test('when the node cannot be read', async () => {
    void start();
    await soon();
    observe = () => at('eu-1');
    const tired = new KubeError('nodes are not told', { status: 403, reason: 'Forbidden' });
    cluster.judge = ({ resource }) => (resource.plural === 'nodes' ? tired : undefined);
    ring();
    await soon();
    assert.equal(place(), 'us us-1 1 Held');
    assert.match(published().reason, /^ApiError: .*nodes are not told/);
  });

  test('while it moves, and says where to', async () => {
    void start();
    await soon();
    observe = () => ({ ...LOST, movingTo: 'pg-2' });
    ring();
    await soon();
    assert.equal(place(), 'us us-1 1 Transitioning');
    observe = () => at('us-1', { movingTo: 'pg-2' });
    ring();
    await soon();
    assert.deepEqual([place(), published().reason], ['us us-1 1 Transitioning', 'Moving: to pg-2']);
  });

  test('and has none when nothing was ever found', async () => {
    observe = () => LOST;
    void start();
    await soon();
    assert.equal(place(), '  0 Held');
    observe = () => at('eu-1');
    await pass();
    assert.equal(place(), 'eu eu-1 1 Settled');
  });

  test('and asks a failing API with growing pauses, never longer than its period', async () => {
    observe = fails;
    void start();
    await cluster.clock.advance(1_000);
    const atFirst = passes.length;
    await cluster.clock.advance(10 * RESYNC_MS);
    const later = passes.length - atFirst;
    assert.ok(atFirst >= 2 && atFirst <= 5, `${atFirst} passes in the first second`);
    assert.ok(later >= 10 && later <= 30, `${later} passes in ten periods`);
  });
});

describe('a follower whose status was touched', () => {
  test('restores a deleted one, its epoch continuing', async () => {
    void start();
    await soon();
    observe = () => at('eu-1');
    ring();
    await soon();
    const before = published();
    cluster.server.delete('test', CONFIG_MAPS, KEY, {});
    await pass();
    assert.deepEqual(published(), before);
  });

  test('puts right what was edited by hand, without telling a change', async () => {
    void start();
    await soon();
    const before = published();
    edit({ activeNode: 'elsewhere', reason: 'because' });
    await pass();
    assert.deepEqual(published(), before);
    assert.equal(changes.length, 1);
  });

  test('takes a new epoch when readers may have seen another site in this one', async () => {
    void start();
    await soon();
    edit({ activeSite: 'eu', epoch: 40 });
    await pass();
    assert.equal(place(), 'us us-1 41 Settled');
  });

  test('goes above the epoch of one that cannot be read any more', async () => {
    void start();
    await soon();
    cluster.change(CONFIG_MAPS, { metadata: KEY, data: { epoch: '40', phase: 'Tired' } });
    await pass();
    assert.equal(place(), 'us us-1 41 Settled');
  });

  test('keeps keys, labels and annotations of others', async () => {
    void start();
    await soon();
    const metadata = { ...KEY, labels: { team: 'blue' }, annotations: { note: 'mine' } };
    cluster.change(CONFIG_MAPS, { metadata, data: { extra: 'yes' } });
    observe = () => at('eu-1');
    await pass();
    assert.equal(place(), 'eu eu-1 2 Settled');
    const { data, metadata: kept } = object() ?? {};
    assert.deepEqual([data?.extra, kept?.labels?.team, kept?.annotations?.note], ['yes', 'blue', 'mine']);
  });

  test('looks again at once when somebody wrote in between', async () => {
    void start();
    await soon();
    observe = () => at('eu-1');
    let raced = false;
    cluster.judge = ({ verb, resource }) => {
      if (verb === 'replace' && resource.plural === 'configmaps' && !raced) {
        raced = true;
        cluster.change(CONFIG_MAPS, { metadata: { ...KEY, labels: { team: 'blue' } } });
      }
      return undefined;
    };
    ring();
    await cluster.clock.advance(100);
    assert.ok(raced);
    assert.equal(place(), 'eu eu-1 2 Settled');
    assert.equal(passes.filter(({ error }) => error !== undefined).length, 1);
  });

  test('does not spin when every write meets a conflict', async () => {
    void start();
    await soon();
    observe = () => at('eu-1');
    cluster.judge = ({ verb }) => (verb === 'replace' ? 'conflict' : undefined);
    ring();
    const before = writes();
    await cluster.clock.advance(60_000);
    assert.ok(writes() - before < 40, `${writes() - before} writes in a minute`);
    cluster.judge = () => undefined;
    await pass();
    assert.equal(place(), 'eu eu-1 2 Settled');
  });
});

describe('a write whose answer is lost', () => {
  for (const fate of ['answer lost', 'error after success'] as const) {
    test(`but that was stored (${fate}) makes one step of the epoch, told once`, async () => {
      void start();
      await soon();
      observe = () => at('eu-1');
      cluster.judge = script('replace', 'configmaps', [fate]);
      ring();
      await cluster.clock.advance(2 * RESYNC_MS);
      assert.equal(place(), 'eu eu-1 2 Settled');
      assert.deepEqual(
        changes.map(({ before, after }) => [before?.epoch, after.epoch]),
        [
          [undefined, 1],
          [1, 2],
        ],
      );
    });

    test(`is not undone when the primary is lost meanwhile (${fate})`, async () => {
      void start();
      await soon();
      observe = () => at('eu-1');
      cluster.judge = (call) => {
        const verdict = call.verb === 'replace' ? fate : undefined;
        if (verdict !== undefined) observe = () => LOST;
        return verdict;
      };
      ring();
      await soon();
      cluster.judge = () => undefined;
      await cluster.clock.advance(2 * RESYNC_MS);
      assert.equal(place(), 'eu eu-1 2 Held');
    });
  }

  test('and that was not stored is repeated', async () => {
    void start();
    await soon();
    observe = () => at('eu-1');
    cluster.judge = script('replace', 'configmaps', ['request lost', 'server error']);
    ring();
    await cluster.clock.advance(2 * RESYNC_MS);
    assert.equal(place(), 'eu eu-1 2 Settled');
  });
});

describe('a follower and its leadership', () => {
  test('claims the status of its predecessor before anything else changes', async () => {
    void start();
    await soon();
    const status = published();
    leadership.end();
    leadership = new TestLeadership(4);
    void start();
    await soon();
    assert.deepEqual(published(), status);
    assert.equal(termOf(object() ?? { metadata: KEY }), 4);
  });

  test('stops when a later leader has been here', async () => {
    const running = start();
    await soon();
    edit({ activeSite: 'eu', epoch: 2 }, 9);
    leadership.confirmable = false;
    observe = () => at('us-2');
    ring();
    await soon();
    await running;
    assert.equal(place(), 'eu us-1 2 Settled');
    assert.equal(termOf(object() ?? { metadata: KEY }), 9);
  });

  test('stops when the Lease has run out, before anybody told it', async () => {
    void start();
    await soon();
    const before = writes();
    leadership.held = false;
    observe = () => at('eu-1');
    ring();
    await cluster.clock.advance(3 * RESYNC_MS);
    assert.equal(writes(), before);
    assert.equal(passes.filter(({ error }) => error instanceof DeposedError).length, 1);
  });

  test('raises its term when the Lease was deleted and began anew', async () => {
    void start();
    await soon();
    edit({}, 9);
    await pass();
    assert.equal(leadership.term, 10);
    assert.equal(termOf(object() ?? { metadata: KEY }), 10);
  });

  test('recalls the last transition when the status was deleted while nobody led', async () => {
    lastTransition = {
      epoch: 7,
      from: 'us',
      to: 'eu',
      node: 'eu-1',
      primary: 'pg-2',
      movedAt: '',
      writtenAt: '2026-01-01T00:00:00Z',
    };
    observe = () => LOST;
    void start();
    await soon();
    assert.equal(place(), 'eu eu-1 7 Held');
    observe = () => at('us-1');
    await pass();
    assert.equal(place(), 'us us-1 8 Settled');
  });

  test('ends at once, also in the middle of a look', async () => {
    cluster.judge = ({ verb }) => (verb === 'get' ? 'answer lost' : undefined);
    const running = start();
    await cluster.clock.advance(10);
    leadership.end();
    await running;
    assert.equal(passes.length, 0);
  });

  test('in a dry run tells what it would publish, and writes nothing', async () => {
    void start({ dryRun: true });
    await soon();
    observe = () => at('eu-1');
    await pass();
    assert.deepEqual(
      changes.map(({ after }) => `${after.activeSite} ${after.epoch}`),
      ['us 1', 'eu 2'],
    );
    assert.equal(writes(), 0);
    assert.equal(object(), undefined);
  });
});
