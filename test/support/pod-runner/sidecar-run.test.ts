import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { freePort } from '../ports.ts';
import { startProcess } from '../process.ts';
import type { ContainerManifest } from './manifest.ts';
import { type ContainerState, SidecarRun } from './sidecar-run.ts';

const ADDRESS = '127.0.0.1';
const TIMEOUT = { timeout: 20_000 };

/** Serves /sick and /well; a GET of /sick makes it sick, so that it says 503 for everything. */
const PROGRAM = `
let status = 200;
require('node:http').createServer((request, response) => {
  if (request.url === '/sick') status = 503;
  response.writeHead(status).end();
}).listen(Number(process.argv[1]), '${ADDRESS}');
`;

type Probes = Partial<Record<'startupProbe' | 'livenessProbe' | 'readinessProbe', string>>;

/** Runs it with probes of these paths. */
async function run(t: TestContext, paths: Probes) {
  const port = await freePort();
  const news = new EventEmitter();
  const seen: ContainerState[] = [];
  const probes = Object.entries(paths).map(([name, path]) => {
    const pace = { periodSeconds: 0.05, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 1 };
    // It takes a moment to listen; a startup probe has patience for that.
    const patience = name === 'startupProbe' && path === '/well' ? { failureThreshold: 200 } : {};
    return [name, { ...pace, ...patience, httpGet: { path, port } }] as const;
  });
  const container: ContainerManifest = { name: 'beside', image: 'beside:1', ...Object.fromEntries(probes) };
  const sidecar = new SidecarRun({
    container,
    address: ADDRESS,
    start: () => startProcess('beside', [process.execPath, '-e', PROGRAM, String(port)]),
    onChange() {
      seen.push(sidecar.state);
      news.emit('change');
    },
  });
  const stop = new AbortController();
  const running = sidecar.run(stop.signal);
  t.after(async () => {
    stop.abort();
    await running;
    assert.equal(sidecar.process, undefined);
  });
  const until = async (matches: (state: ContainerState) => boolean) => {
    while (!matches(sidecar.state)) await once(news, 'change');
  };
  const ask = (path: string) => fetch(`http://${ADDRESS}:${port}${path}`, { method: 'GET' });
  return { sidecar, seen, until, ask };
}

test('without probes it is ready as soon as it runs', TIMEOUT, async (t) => {
  const { sidecar, until } = await run(t, {});
  await sidecar.started;
  await until(({ ready }) => ready);
});

test('it is started when the startup probe passes, and ready when its own probe does', TIMEOUT, async (t) => {
  const { seen, until, ask } = await run(t, { startupProbe: '/well', readinessProbe: '/well' });
  await until(({ ready }) => ready);
  const short = seen.map(({ started, ready }) => `${started} ${ready}`);
  assert.deepEqual(short, ['false false', 'true false', 'true true']);
  await ask('/sick');
  await until(({ ready }) => !ready);
  assert.equal(seen.at(-1)?.restartCount, 0);
});

test('it is started again when it ends', TIMEOUT, async (t) => {
  const { sidecar, until } = await run(t, { startupProbe: '/well' });
  await sidecar.started;
  sidecar.process?.signal('SIGKILL');
  await until(({ running }) => !running);
  await until(({ started, restartCount }) => started && restartCount === 1);
});

for (const name of ['startupProbe', 'livenessProbe'] as const) {
  test(`it is killed and started again when its ${name} fails`, TIMEOUT, async (t) => {
    const { seen, until } = await run(t, { startupProbe: '/well', [name]: '/sick' });
    await until(({ running, restartCount }) => running && restartCount === 1);
    assert.equal(seen[0]?.restartCount, 0);
    assert.ok(seen.some(({ running }) => !running));
  });
}
