import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { systemClock } from '../runtime/clock.ts';
import { listenOnLoopback } from '../test/support/loopback.ts';
import { connect, type KubeConnection } from './client.ts';
import { loadKube } from './kube-config.ts';
import { CONFIG_MAPS } from './resources.ts';

const KEY = { namespace: 'here', name: 'status' };
const EVENT = { type: 'ADDED', object: { metadata: { ...KEY, resourceVersion: '8' } } };
/** Of 16 followers, each of which watches a dozen things. */
const WATCHES = 192;

describe('the connections to the API server', () => {
  let server: Server;
  let folder: string;
  let api: KubeConnection;

  // Without TLS: a test that makes hundreds of handshakes at once fails where others work as well.
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'connection-test-'));
    server = createServer(({ url = '' }, response) => {
      if (url.includes('watch=true')) response.write(`${JSON.stringify(EVENT)}\n`);
      else response.end(JSON.stringify({ metadata: KEY }));
    });
    const file = join(folder, 'kubeconfig');
    const clusters = [
      {
        name: 'here',
        cluster: {
          server: `http://127.0.0.1:${await listenOnLoopback(server)}`,
          'insecure-skip-tls-verify': true,
        },
      },
    ];
    const contexts = [{ name: 'here', context: { cluster: 'here', user: 'test' } }];
    const users = [{ name: 'test', user: {} }];
    await writeFile(file, JSON.stringify({ clusters, contexts, users, 'current-context': 'here' }));
    api = connect({ kubeConfig: loadKube({ KUBECONFIG: file }).kubeConfig, clock: systemClock });
  });

  afterEach(async () => {
    await api.close();
    server.close();
    server.closeAllConnections();
    if (server.listening) await once(server, 'close');
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
});
