import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { SIDECAR_ENV } from '../contract/sidecar.ts';
import { encodeStatus } from '../contract/status.ts';
import { serveOnLoopback } from '../test/support/loopback.ts';
import { MountedCopy } from '../test/support/mounted-copy.ts';
import {
  bundleSidecar,
  Credentials,
  type SidecarOptions,
  spawnSidecar,
  startSidecar,
} from '../test/support/sidecar.ts';
import { until } from '../test/support/until.ts';
import { EAST_NODE, statusWith } from './testing/status.ts';
import { StatusServer, type Stored } from './testing/status-server.ts';

const LIMIT = { timeout: 60_000 };
/** Each pod starts it from the page cache of its node; what counts is memory, which `make bench` holds to its budget. */
const MAX_BYTES = 20_000;
const MAX_STOP_MS = 2_000;

const folder = await mkdtemp(join(tmpdir(), 'sidecar-'));
after(() => rm(folder, { recursive: true }));
const bundle = await bundleSidecar(folder);

const dataOf = (epoch: number, activeSite = 'east') => encodeStatus(statusWith({ epoch, activeSite }));
const stored = (epoch: number, activeSite?: string): Stored => ({
  uid: 'a',
  data: dataOf(epoch, activeSite),
});

/** An API server with nothing in it yet, an empty mounted copy, and the options for a sidecar that reads both. */
async function scene(t: TestContext) {
  const server = await StatusServer.start();
  const credentials = await Credentials.create({ ca: server.ca, token: 'test' });
  const copy = await MountedCopy.create();
  const options: SidecarOptions = {
    bundle,
    nodeName: EAST_NODE,
    namespace: 'here',
    apiServer: { host: '127.0.0.1', port: server.port },
    credentials,
    statusDir: copy.folder,
  };
  t.after(async () => {
    await server.stop();
    await credentials.remove();
    await copy.remove();
  });
  const start = async (env: Readonly<Record<string, string>> = {}) => {
    const sidecar = await startSidecar({ ...options, env });
    t.after(() => sidecar.process.stop());
    return sidecar;
  };
  return { server, copy, options, start };
}

test(`the bundle is one file below ${MAX_BYTES} bytes and needs nothing but Node`, LIMIT, async () => {
  assert.ok((await stat(bundle)).size < MAX_BYTES, `${(await stat(bundle)).size} bytes`);
  const required = [...(await readFile(bundle, 'utf8')).matchAll(/\brequire\("([^"]+)"\)/g)].map(
    ([, name]) => name,
  );
  assert.deepEqual(new Set(required), new Set(['node:fs', 'node:http', 'node:https']));
});

test('calls the application when the pod becomes active or standby', LIMIT, async (t) => {
  const { server, start } = await scene(t);
  const called: string[] = [];
  const application = createHttpServer((request, response) => {
    called.push(`${request.method} ${request.url}`);
    response.end();
  });
  const port = await serveOnLoopback(t, application);
  const sidecar = await start({
    [SIDECAR_ENV.onActive]: `${port}/resume`,
    [SIDECAR_ENV.onStandby]: `${port}/drain`,
  });
  await server.watched();
  server.put(stored(1));
  await until('it is told that it is active', () => called.length === 1 || undefined, { timeoutMs: 10_000 });
  server.put(stored(2, 'west'));
  await until('it is told to drain', () => called.length === 2 || undefined, { timeoutMs: 10_000 });
  assert.deepEqual(called, ['POST /resume', 'POST /drain']);
  const metrics = await (await fetch(`${sidecar.probeUrl}/metrics`)).text();
  assert.match(metrics, /hook_calls_total\{hook="on-standby",outcome="done"\} 1/);
});

test('is standby until it has read something, then follows the API', LIMIT, async (t) => {
  const { server, start } = await scene(t);
  const sidecar = await start();
  const { active, source, stale } = await sidecar.active();
  assert.deepEqual([active, source, stale], [false, 'none', true]);
  assert.equal((await fetch(`${sidecar.probeUrl}/ready`)).status, 503);
  await server.watched();
  server.put(stored(1));
  await sidecar.until('it is active', (answer) => answer.active && answer.epoch === 1 && !answer.stale);
  assert.equal((await fetch(`${sidecar.probeUrl}/ready`)).status, 200);
  server.put(stored(2, 'west'));
  await sidecar.until('it is standby', (answer) => !answer.active && answer.activeSite === 'west');
  assert.match(await sidecar.metrics(), /^kube_site_follower_sidecar_readings_total\{.*"api".*"taken"\} 2$/m);
});

test('with the API away starts from the mounted copy, holds it, and follows it', LIMIT, async (t) => {
  const { server, copy, start } = await scene(t);
  await server.stop();
  await copy.write(dataOf(4));
  const sidecar = await start();
  const first = await sidecar.active();
  assert.deepEqual([first.active, first.epoch, first.stale, first.source], [true, 4, true, 'file']);
  await copy.write(dataOf(5, 'west'));
  const second = await sidecar.until('the copy is followed', ({ epoch }) => epoch === 5);
  assert.deepEqual([second.active, second.stale], [false, false]);
});

test('with when-stale: standby an old copy is not enough, and the API is', LIMIT, async (t) => {
  const { server, copy, start } = await scene(t);
  server.misbehave = () => 503;
  await copy.write(dataOf(4));
  const sidecar = await start({ SITE_FOLLOWER_WHEN_STALE: 'standby', SITE_FOLLOWER_STALE_AFTER: '2' });
  assert.equal((await sidecar.active()).active, false);
  server.put(stored(4));
  server.misbehave = () => undefined;
  await sidecar.until('the API has confirmed it', ({ active, stale }) => active && !stale);
  await server.stop();
  await sidecar.until('it stands by again', ({ active, stale }) => !active && stale);
});

test(
  'holds what it has when the ConfigMap is deleted, malformed, or shows an older epoch',
  LIMIT,
  async (t) => {
    const { server, copy, start } = await scene(t);
    server.put(stored(7));
    const sidecar = await start();
    await sidecar.until('it is active', ({ active }) => active);
    await server.watched();
    const unusual = (verdict: string) =>
      sidecar.process.waitForLog((record) => record.verdict === verdict, 10_000);
    server.put({ uid: 'a', data: { ...dataOf(8, 'west'), sites: '{' } });
    await unusual('malformed');
    server.put(stored(6, 'west'));
    await unusual('older');
    server.put(stored(7, 'west'));
    await unusual('conflict');
    server.delete();
    await copy.write(dataOf(7));
    await until(
      'the copy was read',
      async () => (await sidecar.metrics()).includes('{source="file",verdict="same"} 1') || undefined,
      { timeoutMs: 10_000 },
    );
    const { active, epoch, activeSite } = await sidecar.active();
    assert.deepEqual([active, epoch, activeSite], [true, 7, 'east']);
    server.put({ uid: 'b', data: dataOf(8, 'west') });
    await sidecar.until('the restored one is followed', (answer) => answer.epoch === 8 && !answer.active);
  },
);

test(
  '200 clients at once are answered while 200 others listen, and all of them hear of a change',
  LIMIT,
  async (t) => {
    const { server, start } = await scene(t);
    server.put(stored(1));
    const sidecar = await start();
    await sidecar.until('it is active', ({ active }) => active);
    await server.watched();
    const listeners = await Promise.all(
      Array.from({ length: 200 }, () => listen(t, `${sidecar.url}/events`)),
    );
    const told = listeners.map(({ until }) => until('"epoch":2'));
    const answers = await Promise.all(
      Array.from({ length: 200 }, async () => (await fetch(`${sidecar.url}/active?format=text`)).text()),
    );
    assert.deepEqual(new Set(answers), new Set(['true']));
    server.put(stored(2, 'west'));
    await Promise.all(told);
  },
);

test('serves the application on the loopback addresses alone, the kubelet on all', LIMIT, async (t) => {
  const { start } = await scene(t);
  const sidecar = await start({ SITE_FOLLOWER_ADDRESS: '' });
  const [port, probePort] = [sidecar.url, sidecar.probeUrl].map((url) => new URL(url).port);
  const answers = async (host: string, at = '') => (await fetch(`http://${host}:${at}/healthz`)).ok;
  assert.ok(await answers('127.0.0.1', port));
  assert.ok(await answers('127.0.0.2', probePort));
  await assert.rejects(answers('127.0.0.2', port));
  const hasIpv6 = Object.values(networkInterfaces()).some((found) =>
    found?.some(({ address }) => address === '::1'),
  );
  if (hasIpv6) assert.ok(await answers('[::1]', port));
});

test(
  'SIGTERM ends it at once and with 0, also with clients that listen; their streams end properly',
  LIMIT,
  async (t) => {
    const { server, start } = await scene(t);
    server.put(stored(1));
    const sidecar = await start();
    await server.watched();
    const stream = await listen(t, `${sidecar.url}/events`);
    const ended = stream.end();
    const askedAt = performance.now();
    sidecar.process.signal('SIGTERM');
    await ended;
    assert.deepEqual(await sidecar.process.exited, { code: 0, signal: null });
    assert.ok(performance.now() - askedAt < MAX_STOP_MS);
  },
);

test('ends with 1 and says what to do when its port is taken', LIMIT, async (t) => {
  const { options } = await scene(t);
  const port = String(await serveOnLoopback(t, createServer()));
  for (const name of ['SITE_FOLLOWER_PORT', 'SITE_FOLLOWER_PROBE_PORT']) {
    const child = await spawnSidecar({ ...options, env: { [name]: port } });
    assert.equal((await child.exited).code, 1);
    assert.match(
      child.lines.at(-1) ?? '',
      new RegExp(`EADDRINUSE.*127.0.0.1:${port}: annotate the pod with another port`),
    );
  }
});

test('ends with 2 and all that is wrong with its settings', LIMIT, async (t) => {
  const { options } = await scene(t);
  const child = await spawnSidecar({ ...options, nodeName: '', env: { SITE_FOLLOWER_STALE_AFTER: 'soon' } });
  assert.equal((await child.exited).code, 2);
  assert.deepEqual(child.lines, [
    'NODE_NAME is missing',
    'SITE_FOLLOWER_STALE_AFTER is "soon", not a whole number from 1 to 86400',
  ]);
});

/** Resolves when the first event is there. */
async function listen(t: TestContext, url: string) {
  const response = await fetch(url, { signal: t.signal });
  assert.ok(response.body);
  const chunks = response.body.pipeThrough(new TextDecoderStream()).values();
  let told = '';
  const until = async (text: string) => {
    while (!told.includes(text)) {
      const { value, done } = await chunks.next();
      assert.ok(!done, `the stream ended without ${text}: ${told}`);
      told += value;
    }
  };
  await until('"epoch":1');
  return {
    until,
    async end() {
      while (!(await chunks.next()).done);
    },
  };
}
