import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { encodeStatus } from '../../contract/status.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createAuthority } from '../../test/support/certificates.ts';
import { Readings } from '../testing/readings.ts';
import { statusWith } from '../testing/status.ts';
import { type Misbehaviour, StatusServer, type Stored } from '../testing/status-server.ts';
import { ApiSource } from './api.ts';
import { ApiConnection } from './connection.ts';

const LIMIT = { timeout: 20_000 };
const stored = (epoch: number, uid = 'a'): Stored => ({ uid, data: encodeStatus(statusWith({ epoch })) });

/** A server with a status in epoch 1, and a source that is about to follow it. */
async function scene(t: TestContext) {
  const server = await StatusServer.start();
  const folder = await mkdtemp(join(tmpdir(), 'token-'));
  const files = { tokenFile: join(folder, 'token'), caFile: join(folder, 'ca.crt') };
  await writeFile(files.tokenFile, 'first\n');
  await writeFile(files.caFile, server.ca);
  const connection = new ApiConnection({ host: '127.0.0.1', port: server.port, ...files });
  const readings = new Readings();
  const problems: string[] = [];
  const news = new EventEmitter();
  const source = new ApiSource({
    connection,
    clock: systemClock,
    random: () => 0,
    namespace: 'here',
    configMap: 'status',
    staleAfterMs: 120_000,
    onReading: readings.take,
    onConnection(problem) {
      if (problem !== undefined) problems.push(problem);
      news.emit(problem === undefined ? 'up' : 'down');
    },
  });
  const stop = new AbortController();
  let ended: Promise<void> | undefined;
  server.put(stored(1));
  t.after(async () => {
    stop.abort();
    await ended;
    await server.stop();
    await rm(folder, { recursive: true });
  });
  return {
    server,
    readings,
    problems,
    ...files,
    stop,
    start: () => {
      ended = source.run(stop.signal);
      return ended;
    },
    up: () => once(news, 'up'),
    down: () => once(news, 'down'),
  };
}

const isWatch = ({ url }: { readonly url: URL }) => url.searchParams.has('watch');

test('lists, then watches the one object from there, on one connection', LIMIT, async (t) => {
  const { server, readings, start } = await scene(t);
  void start();
  await server.watched();
  server.put(stored(2));
  await readings.count(2);
  assert.deepEqual(readings.epochs, [1, 2]);
  assert.equal(readings.all[0]?.uid, 'a');
  const [list, watch] = server.seen;
  assert.equal(list?.url.pathname, '/api/v1/namespaces/here/configmaps');
  assert.deepEqual([...(list?.url.searchParams ?? [])], [['fieldSelector', 'metadata.name=status']]);
  const query = Object.fromEntries(watch?.url.searchParams ?? []);
  assert.deepEqual(query, {
    fieldSelector: 'metadata.name=status',
    watch: 'true',
    allowWatchBookmarks: 'true',
    timeoutSeconds: '240',
    resourceVersion: '101',
  });
  assert.deepEqual(
    server.seen.map(({ connection }) => connection),
    [1, 1],
  );
});

test('shows the status again at each sign that it is still so, and only then', LIMIT, async (t) => {
  const { server, readings, start } = await scene(t);
  void start();
  await server.watched();
  server.bookmark(false);
  server.bookmark(true);
  server.bookmark(false);
  server.put(stored(2));
  await readings.count(3);
  assert.deepEqual(readings.epochs, [1, 1, 2]);
});

test('shows nothing while the ConfigMap is gone, and the new one when it is there', LIMIT, async (t) => {
  const { server, readings, start } = await scene(t);
  void start();
  await server.watched();
  server.delete();
  server.bookmark(true);
  server.put(stored(5, 'b'));
  const all = await readings.count(2);
  assert.deepEqual(
    all.map(({ uid, status }) => [uid, status?.epoch]),
    [
      ['a', 1],
      ['b', 5],
    ],
  );
});

test('an etcd that was restored is another lineage of the same ConfigMap', LIMIT, async (t) => {
  const { server, readings, start } = await scene(t);
  void start();
  await server.watched();
  for (const epoch of [2, 3, 4]) server.put(stored(epoch));
  await readings.count(4);
  server.restored(stored(2), 2);
  await readings.count(5);
  await server.watched();
  server.put(stored(3));
  const all = await readings.count(6);
  assert.deepEqual(
    all.slice(3).map(({ uid, status }) => [uid, status?.epoch]),
    [
      ['a', 4],
      ['a+', 2],
      ['a+', 3],
    ],
  );
});

test('shows that it is malformed', LIMIT, async (t) => {
  const { server, readings, start } = await scene(t);
  void start();
  await server.watched();
  server.put({ uid: 'a', data: { epoch: 'seven' } });
  server.put(stored(2));
  await readings.count(3);
  assert.deepEqual(readings.epochs, [1, undefined, 2]);
});

test('lists again when the server has forgotten the version, in either form', LIMIT, async (t) => {
  const { server, readings, problems, start } = await scene(t);
  let refused = false;
  server.misbehave = (seen) => {
    if (!isWatch(seen) || refused) return undefined;
    refused = true;
    return 410;
  };
  void start();
  await server.watched();
  server.fail(410);
  await readings.count(3);
  assert.deepEqual(
    server.seen.slice(0, 5).map((seen) => isWatch(seen)),
    [false, true, false, true, false],
  );
  assert.match(problems[0] ?? '', /^the API server answered 410: \{"kind":"Status"/);
  assert.match(problems[1] ?? '', /^the watch was ended: .*"reason":"Expired"/);
});

test('follows again after the connections broke, missing nothing that lasts', LIMIT, async (t) => {
  const { server, readings, start, up, down } = await scene(t);
  void start();
  await server.watched();
  const broken = down();
  server.cut();
  await broken;
  server.put(stored(2));
  await up();
  server.put(stored(3));
  await readings.count(3);
  assert.deepEqual(readings.epochs, [1, 2, 3]);
});

test('uses a new token and a new authority as soon as they are there', LIMIT, async (t) => {
  const { server, start, up, down, problems, tokenFile, caFile } = await scene(t);
  const { certificate } = await createAuthority();
  await writeFile(caFile, certificate);
  const refused = down();
  void start();
  await refused;
  assert.match(problems[0] ?? '', /certificate/);
  await writeFile(caFile, server.ca);
  await up();
  await writeFile(tokenFile, 'second\n');
  server.endWatches();
  await up();
  assert.deepEqual([...new Set(server.seen.map(({ token }) => token))], ['first', 'second']);
});

const WRONGS: readonly [Misbehaviour, RegExp][] = [
  [403, /^the API server answered 403 \(is the RoleBinding of the chart there\?\): \{"kind":"Status",.*"no"/],
  [500, /^the API server answered 500: /],
  [{ body: '<html>' }, /JSON/],
  [{ body: '{}' }, /undefined/],
];
for (const [wrong, expected] of WRONGS) {
  test(`says what is wrong with the answer ${JSON.stringify(wrong)}, and tries again`, LIMIT, async (t) => {
    const { server, readings, problems, start, up } = await scene(t);
    server.misbehave = () => (server.seen.length === 1 ? wrong : undefined);
    void start();
    await up();
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', expected);
    assert.deepEqual(readings.epochs, [1]);
  });
}

test('without a token says which file is missing', LIMIT, async (t) => {
  const { start, down, problems, tokenFile } = await scene(t);
  await rm(tokenFile);
  const failed = down();
  void start();
  await failed;
  assert.match(problems[0] ?? '', /^ENOENT: .*token/);
});

test('ends at once when it is stopped: while it lists, watches or waits', LIMIT, async (t) => {
  await t.test('while it lists', async (t) => {
    const { server, start, stop, problems } = await scene(t);
    const asked = new EventEmitter();
    server.misbehave = () => {
      asked.emit('list');
      return 'hang';
    };
    const ended = start();
    await once(asked, 'list');
    stop.abort();
    await ended;
    assert.deepEqual(problems, []);
  });
  await t.test('while it watches', async (t) => {
    const { server, start, stop, problems } = await scene(t);
    const ended = start();
    await server.watched();
    stop.abort();
    await ended;
    assert.deepEqual(problems, []);
  });
  await t.test('while it waits to try again', async (t) => {
    const { server, start, stop, down, problems } = await scene(t);
    server.misbehave = () => 500;
    const failed = down();
    const ended = start();
    await failed;
    stop.abort();
    await ended;
    assert.equal(problems.length, 1);
  });
});
