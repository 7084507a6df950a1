import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { systemClock } from '../runtime/clock.ts';
import { FakeApiServer, watchReply } from '../test/support/fake-api-server.ts';
import { connect, type KubeConnection } from './client.ts';
import { loadKube } from './kube-config.ts';
import { CONFIG_MAPS } from './resources.ts';

const KEY = { namespace: 'here', name: 'status' };
const EVENT = { type: 'ADDED', object: { metadata: { ...KEY, resourceVersion: '8' } } };
/** Of 16 followers, each of which watches a dozen things, and some for all of them. */
const WATCHES = 200;
/** More than are to be under way at once. */
const CALLS = 300;

describe('the connections to the API server', () => {
  let server: FakeApiServer;
  let folder: string;
  let api: KubeConnection;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'connection-test-'));
    server = await FakeApiServer.start();
    const file = join(folder, 'kubeconfig');
    await writeFile(file, server.kubeconfig);
    api = connect({ kubeConfig: loadKube({ KUBECONFIG: file }).kubeConfig, clock: systemClock });
    server.reply = ({ query }) =>
      query.has('watch') ? watchReply([EVENT], 'silence') : { json: { metadata: KEY } };
  });

  afterEach(async () => {
    await api.close();
    await server.stop();
    await rm(folder, { recursive: true });
  });

  test('are left to calls however many watches there are', async () => {
    const stop = new AbortController();
    const options = { namespace: 'here', resourceVersion: '7', timeoutSeconds: 300, abort: stop.signal };
    const watches = Array.from({ length: WATCHES }, () =>
      api.watch(CONFIG_MAPS, options)[Symbol.asyncIterator](),
    );
    await Promise.all(watches.map((watch) => watch.next()));
    const { metadata } = await api.get(CONFIG_MAPS, KEY);
    assert.equal(metadata.name, KEY.name);
    const ended = Promise.allSettled(watches.map((watch) => watch.next()));
    stop.abort();
    await ended;
  });

  test('are few enough that a burst of calls is not mostly handshakes', async () => {
    await Promise.all(Array.from({ length: CALLS }, () => api.get(CONFIG_MAPS, KEY)));
    assert.equal(server.requests.length, CALLS);
    assert.equal(server.connections, 64);
  });
});
