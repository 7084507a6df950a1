import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage, type Server } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { EventStream } from '../http/event-stream.ts';
import { type BoundedServer, closeServer, portOf } from '../http/server.ts';
import { systemClock } from '../runtime/clock.ts';
import { viewOf } from './answer.ts';
import { appRoutes, probeRoutes, startServer } from './server.ts';
import { INITIAL_STATE, type SidecarState } from './state.ts';
import { EAST_NODE, statusWith } from './testing/status.ts';

const LIMIT = { timeout: 15_000 };
const DRAIN_MS = 500;
const OPTIONS = {
  nodeName: EAST_NODE,
  whenStale: 'hold',
  staleAfterMs: Number.POSITIVE_INFINITY,
  connection: { isUp: true, isDown: false },
} as const;
const LISTEN = {
  port: 0,
  host: '127.0.0.1',
  keepAliveTimeout: 5_000,
  maxConnections: 512,
  headersTimeout: 5_000,
};
const ACTIVE: SidecarState = { ...INITIAL_STATE, source: 'api', status: statusWith(), confirmedAt: 0 };
const STANDBY: SidecarState = { ...ACTIVE, status: statusWith({ activeSite: 'west', epoch: 8 }) };

/** Both servers, telling what `state` says. */
async function scene(t: TestContext, maxEventClients = 256) {
  const events = new EventStream(systemClock, '{"epoch":1}', maxEventClients);
  const now = { state: ACTIVE };
  const view = () => viewOf(now.state, OPTIONS, 0);
  const sources = { view, metrics: () => 'metric 1\n', events };
  const app = await startServer(appRoutes(sources), LISTEN);
  const probe = await startServer(probeRoutes(sources), LISTEN);
  t.after(async () => {
    events.close();
    await Promise.all([app, probe].map((server) => closeServer(server, systemClock, DRAIN_MS)));
  });
  return { app, probe, events, now };
}

async function open(server: BoundedServer<Server>, path: string, agent?: Agent): Promise<IncomingMessage> {
  const call = get({ host: '127.0.0.1', port: portOf(server), path, agent: agent ?? false });
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  return response;
}

async function ask(
  server: BoundedServer<Server>,
  path: string,
): Promise<readonly [number | undefined, string]> {
  const response = await open(server, path);
  return [response.statusCode, await text(response)];
}

/** Sends raw bytes; resolves to all that comes until the server closes the connection. */
async function raw(server: BoundedServer<Server>, bytes: string): Promise<string> {
  const socket = connect(portOf(server), '127.0.0.1');
  socket.write(bytes);
  return text(socket);
}

test('answers what is asked, and each port only what belongs to it', LIMIT, async (t) => {
  const { app, probe, now } = await scene(t);
  const json = JSON.stringify(viewOf(ACTIVE, OPTIONS, 0).answer);
  const notFound = [404, 'not found\n'];
  const cases: readonly [BoundedServer<Server>, string, readonly [number, string] | typeof notFound][] = [
    [app, '/active', [200, json]],
    [app, '/active?format=text', [200, 'true']],
    [app, '/active?x=1&format=text', [200, 'true']],
    [app, '/active?format=json', [200, json]],
    [app, '/ready', [200, 'active: east, epoch 7\n']],
    [app, '/healthz', [200, 'ok\n']],
    [app, '/metrics', notFound],
    [app, '/', notFound],
    [app, '/active/', notFound],
    [app, '/Active', notFound],
    [app, '/constructor', notFound],
    [probe, '/ready', [200, 'active: east, epoch 7\n']],
    [probe, '/healthz', [200, 'ok\n']],
    [probe, '/metrics', [200, 'metric 1\n']],
    [probe, '/active', notFound],
    [probe, '/events', notFound],
  ];
  for (const [server, path, expected] of cases) assert.deepEqual(await ask(server, path), expected, path);
  now.state = STANDBY;
  for (const server of [app, probe]) {
    assert.deepEqual(await ask(server, '/ready'), [
      503,
      'standby: west is active, epoch 8; this pod is in east\n',
    ]);
    assert.deepEqual(await ask(server, '/healthz'), [200, 'ok\n']);
  }
  assert.deepEqual(await ask(app, '/active?format=text'), [200, 'false']);
});

test('says what the body is and that it must not be kept', LIMIT, async (t) => {
  const { app } = await scene(t);
  const { headers } = await open(app, '/active');
  assert.equal(headers['content-type'], 'application/json');
  assert.equal(headers['cache-control'], 'no-store');
  assert.equal((await open(app, '/active?format=text')).headers['content-type'], 'text/plain; charset=utf-8');
});

test('reads no body: answers before it comes and closes the connection', LIMIT, async (t) => {
  const { app } = await scene(t);
  const length = 'Content-Length: 1000000000\r\n';
  const cases: readonly [string, string, number][] = [
    ['POST', length, 404],
    ['GET', length, 200],
    ['PUT', 'Transfer-Encoding: chunked\r\n', 404],
    ['POST', `Expect: 100-continue\r\n${length}`, 404],
  ];
  for (const [method, headers, status] of cases) {
    const answer = await raw(app, `${method} /active HTTP/1.1\r\nHost: a\r\n${headers}\r\n`);
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} (?:.*\r\n)*Connection: close\r\n`, 'i'));
  }
});

test('is not served under a name that a stranger could have', LIMIT, async (t) => {
  const { app, probe } = await scene(t);
  for (const server of [app, probe]) {
    const answer = await raw(
      server,
      'GET /ready HTTP/1.1\r\nHost: evil.example:9911\r\nConnection: close\r\n\r\n',
    );
    assert.match(answer, /^HTTP\/1.1 421 /);
  }
});

test('answers nonsense with an error and goes on', LIMIT, async (t) => {
  const { app } = await scene(t);
  assert.match(await raw(app, 'nonsense\r\n\r\n'), /^HTTP\/1.1 400 /);
  const long = `GET /active HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(10_000)}\r\n\r\n`;
  assert.match(await raw(app, long), /^HTTP\/1.1 431 /);
  assert.equal((await ask(app, '/healthz'))[0], 200);
});

test('does not wait for ever for the headers of a request', LIMIT, async (t) => {
  const { app } = await scene(t);
  assert.match(await raw(app, 'GET /active HTTP/1.1\r\nHost:'), /^HTTP\/1.1 408 /);
});

test('events: the state at once, then each change; of too many the oldest goes', LIMIT, async (t) => {
  const { app, events } = await scene(t, 2);
  const first = await open(app, '/events');
  assert.equal(first.headers['content-type'], 'text/event-stream');
  const second = await open(app, '/events');
  const cut = once(first.resume(), 'close');
  await open(app, '/events');
  await assert.rejects(cut, /aborted/);
  const whole = text(second);
  events.publish('{"epoch":2}');
  events.publish('{"epoch":3}');
  events.close();
  assert.equal(await whole, 'retry: 2000\n\ndata: {"epoch":1}\n\ndata: {"epoch":2}\n\ndata: {"epoch":3}\n\n');
});

test(
  '200 clients at once, each on a connection of its own that it keeps, are all answered',
  LIMIT,
  async (t) => {
    const { app } = await scene(t);
    const agent = new Agent({ keepAlive: true, maxSockets: 200 });
    t.after(() => agent.destroy());
    for (let round = 0; round < 5; round += 1) {
      const answers = Array.from({ length: 200 }, async () =>
        text(await open(app, '/active?format=text', agent)),
      );
      assert.deepEqual(new Set(await Promise.all(answers)), new Set(['true']));
    }
    const sockets = Object.values(agent.freeSockets).flat().length;
    assert.equal(sockets, 200);
  },
);

test('closes without waiting for clients that keep connections or read nothing', LIMIT, async () => {
  const events = new EventStream(systemClock, '{}', 10);
  const view = () => viewOf(ACTIVE, OPTIONS, 0);
  const server = await startServer(appRoutes({ view, metrics: () => '', events }), LISTEN);
  const idle = connect(portOf(server), '127.0.0.1');
  const stuck = connect(portOf(server), '127.0.0.1');
  for (const socket of [idle, stuck]) socket.on('error', () => socket.destroy()); // Cut off, as is expected.
  stuck.write('GET /events HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(stuck, 'readable');
  events.publish(JSON.stringify('x'.repeat(20_000_000)));
  events.close();
  const began = performance.now();
  await closeServer(server, systemClock, DRAIN_MS);
  assert.ok(performance.now() - began < 10 * DRAIN_MS);
  idle.destroy();
  stuck.destroy();
});

test('who connects and asks nothing keeps nobody else out', LIMIT, async (t) => {
  const { probe } = await scene(t);
  const idle = Array.from({ length: LISTEN.maxConnections + 100 }, () => connect(portOf(probe), '127.0.0.1'));
  t.after(() => idle.forEach((socket) => void socket.destroy()));
  let closed = 0;
  for (const socket of idle) {
    socket.on('error', () => undefined); // A reset is a way to close as well.
    socket.on('close', () => {
      closed += 1;
    });
  }
  await Promise.all(idle.map((socket) => once(socket, 'connect')));
  assert.equal((await ask(probe, '/healthz'))[0], 200);
  const kept = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => kept.destroy());
  await text(await open(probe, '/ready', kept));
  assert.ok(closed > 0 && closed < 200, `${closed} were closed`);
});
