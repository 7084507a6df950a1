import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { CLUSTERS, type Cluster } from '../../cnpg/cluster.ts';
import { LABELS } from '../../contract/names.ts';
import { encodeStatus } from '../../contract/status.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../kubernetes/resources.ts';
import { FakeCluster, OPS } from '../../test/support/fake-cluster.ts';
import { published } from '../cluster/followers.ts';
import { STATUS } from '../testing/scene.ts';
import { FOLLOW_LIMIT_MS, type Following, followMove, type Reached, STUCK_AFTER_MS } from './follow.ts';

const PG = { namespace: 'pg', name: 'pg-cluster' };
const MOVED = { ...STATUS, activeSite: 'us-west', primary: 'pg-2', phase: 'Settled' as const, reason: '' };

let kube: FakeCluster;
let following: Following;
let result: readonly Reached[] | undefined;

const labels = (role: string) => ({
  [LABELS.managedBy]: 'kube-site-follower',
  [LABELS.role]: role,
  [LABELS.follower]: 'default',
});
const mapOf = (role: string, data: Record<string, string>) => ({
  metadata: { namespace: OPS, name: role, labels: labels(role) },
  data,
});

const record = (kind?: string) => ({
  zone: 'example.com',
  name: 'app.example.com',
  type: 'A',
  wanted: ['198.51.100.10'],
  ...(kind === undefined
    ? { accepted: { values: ['198.51.100.10'], at: '2027-01-01T00:00:00Z' } }
    : {
        error: {
          text: 'the key is wrong',
          code: '1',
          kind,
          action: 'Mend it.',
          since: '2026-01-01T00:00:00Z',
        },
      }),
});
const report = (...records: readonly object[]) => mapOf('report', { dns: JSON.stringify(records) });

beforeEach(async () => {
  kube = new FakeCluster([OPS, 'pg']);
  kube.create<Cluster>(CLUSTERS, {
    metadata: PG,
    spec: { instances: 2 },
    status: { currentPrimary: 'pg-1' },
  });
  const maps = [mapOf('status', encodeStatus(STATUS)), report(record('config'))];
  for (const map of maps) kube.create<ConfigMap>(CONFIG_MAPS, map);
  const [follower] = published(maps);
  assert.ok(follower !== undefined);
  following = followMove({
    api: kube.api,
    clock: kube.process,
    abort: new AbortController().signal,
    follower,
    cluster: PG,
    target: 'pg-2',
    site: 'us-west',
    services: [],
    onProgress: () => undefined,
  });
  await kube.clock.advance(1_000);
  result = undefined;
  void following.done().then((reached) => {
    result = reached;
  });
});

afterEach(async () => {
  const ended = following[Symbol.asyncDispose]();
  await kube.clock.advance(30_000);
  await ended;
  assert.equal(kube.process.pending, 0, 'a timer was left');
});

function moves(): void {
  kube.change(CLUSTERS, {
    metadata: PG,
    status: {
      currentPrimary: 'pg-2',
      phase: 'Cluster in healthy state',
      readyInstances: 2,
      instancesReportedState: { 'pg-2': { isPrimary: true } },
    },
  });
  kube.change(CONFIG_MAPS, mapOf('status', encodeStatus(MOVED)));
}

const missed = () => result?.filter(({ ms }) => ms === undefined).map(({ name, isStuck }) => [name, isStuck]);

describe('what follows a move', () => {
  test('is not waited for where it cannot come, once all else is there and it was tried again', async () => {
    await kube.clock.advance(60_000);
    assert.equal(result, undefined, 'the primary has not moved yet');
    moves();
    await kube.clock.advance(STUCK_AFTER_MS - 1_000);
    assert.equal(result, undefined, 'the error may be of before the move');
    await kube.clock.advance(2_000);
    assert.deepEqual(missed(), [['dns', true]]);
  });

  test('is waited for where the error was of before, or may pass', async () => {
    moves();
    await kube.clock.advance(STUCK_AFTER_MS / 2);
    kube.change(CONFIG_MAPS, report(record('retry')));
    await kube.clock.advance(2 * STUCK_AFTER_MS);
    assert.equal(result, undefined);
    kube.change(CONFIG_MAPS, report(record()));
    await kube.clock.advance(1_000);
    assert.deepEqual(missed(), []);
  });

  test('is waited for no longer than the limit', async () => {
    kube.change(CONFIG_MAPS, report(record('rate')));
    moves();
    await kube.clock.advance(FOLLOW_LIMIT_MS - 2_000);
    assert.equal(result, undefined);
    await kube.clock.advance(4_000);
    assert.deepEqual(missed(), [['dns', false]]);
  });
});
