import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { stringify } from 'yaml';
import { systemClock } from '../runtime/clock.ts';
import { listenOnLoopback } from '../test/support/loopback.ts';
import { until } from '../test/support/until.ts';
import { connect } from './client.ts';
import { loadKube } from './kube-config.ts';
import { listEach } from './pages.ts';
import { CONFIG_MAPS, LEASES, NODES, PODS, SERVICES } from './resources.ts';

const LARGE = 2_000_000;
const listOf = (bytes: number) => {
  const text = 'x'.repeat(bytes);
  return JSON.stringify({
    metadata: { resourceVersion: '1' },
    items: [{ metadata: { name: 'a', annotations: { text } } }],
  });
};

/** An API server that ends the answers whose paths are in `held` only when it is told so. */
async function start(t: TestContext) {
  const held = new Map<string, ServerResponse>();
  const sizes: Record<string, number> = {};
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '', 'http://a').pathname;
    const size = sizes[path];
    const body = listOf(size ?? 10);
    if (size === undefined) response.end(body);
    else {
      response.write(body.slice(0, -1));
      held.set(path, response);
    }
  });
  const port = await listenOnLoopback(server);
  const folder = await mkdtemp(join(tmpdir(), 'large-lists-'));
  const file = join(folder, 'kubeconfig');
  const cluster = {
    name: 'c',
    cluster: {
      server: `http://127.0.0.1:${port}`,
      'insecure-skip-tls-verify': true,
    },
  };
  const context = { name: 'c', context: { cluster: 'c', user: 'u' } };
  await writeFile(
    file,
    stringify({
      clusters: [cluster],
      contexts: [context],
      users: [{ name: 'u', user: {} }],
      'current-context': 'c',
    }),
  );
  const api = connect({ kubeConfig: loadKube({ KUBECONFIG: file }).kubeConfig, clock: systemClock });
  t.after(async () => {
    await api.close();
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });
  const finish = async (path: string) => {
    const response = await until(`${path} is asked for`, () => held.get(path), { timeoutMs: 10_000 });
    held.delete(path);
    response.end('}');
  };
  return { api, sizes, held, finish };
}

const [PODS_PATH, SERVICES_PATH] = ['/api/v1/pods', '/api/v1/services'];
const [NODES_PATH, CONFIG_MAPS_PATH] = ['/api/v1/nodes', '/api/v1/configmaps'];

test('of lists that are large one is read at a time, and nothing else waits for it', async (t) => {
  const { api, sizes, held, finish } = await start(t);
  for (const path of [PODS_PATH, SERVICES_PATH]) sizes[path] = LARGE;
  const ends: string[] = [];
  const pods = api.list(PODS).then(() => ends.push('pods'));
  await until('pods are asked for', () => held.has(PODS_PATH) || undefined, { timeoutMs: 10_000 });
  const services = api.list(SERVICES).then(() => ends.push('services'));
  // All of it is there, but for the first one.
  await finish(SERVICES_PATH);
  for (let round = 0; round < 5; round += 1) {
    await api.list(CONFIG_MAPS);
    await api.get(LEASES, { namespace: 'here', name: 'lease' });
  }
  assert.deepEqual(ends, []);
  await finish(PODS_PATH);
  await Promise.all([pods, services]);
  assert.deepEqual(ends, ['pods', 'services']);
});

test('one that is given up lets the next one in', async (t) => {
  const { api, sizes, held, finish } = await start(t);
  for (const path of [PODS_PATH, SERVICES_PATH, NODES_PATH, CONFIG_MAPS_PATH]) sizes[path] = LARGE;
  const [reading, waiting] = [new AbortController(), new AbortController()];
  const pods = api.list(PODS, { abort: reading.signal });
  await until('pods are asked for', () => held.has(PODS_PATH) || undefined, { timeoutMs: 10_000 });
  const services = api.list(SERVICES, { abort: waiting.signal });
  const lateNodes = assert.rejects(api.list(NODES, { timeoutMs: 300 }), { reason: 'NoAnswer' });
  const configMaps = api.list(CONFIG_MAPS);
  await Promise.all([SERVICES_PATH, NODES_PATH, CONFIG_MAPS_PATH].map(finish));
  await lateNodes;
  waiting.abort(new Error('enough'));
  await assert.rejects(services, /enough/);
  reading.abort(new Error('stopped'));
  await assert.rejects(pods, /stopped/);
  assert.equal((await configMaps).items.length, 1);
});

test('a list within a list gets its turn', async (t) => {
  const { api, sizes, finish } = await start(t);
  for (const path of [PODS_PATH, SERVICES_PATH]) sizes[path] = LARGE;
  const seen: string[] = [];
  const finishing = finish(PODS_PATH).then(() => finish(SERVICES_PATH));
  for await (const pod of listEach(api, PODS)) {
    seen.push(`pod ${pod.metadata.name}`);
    for await (const service of listEach(api, SERVICES)) seen.push(`service ${service.metadata.name}`);
  }
  await finishing;
  assert.deepEqual(seen, ['pod a', 'service a']);
});
