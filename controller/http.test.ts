import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { systemClock } from '../runtime/clock.ts';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { type HttpSources, startHttp } from './http.ts';

/** A controller of which only the surface exists. */
class FakeController implements HttpSources {
  healthy = true;
  reasons: string[] = [];
  state: unknown = { epoch: 1 };
  listeners = new Set<() => void>();

  health() {
    return { ok: this.healthy, reason: this.healthy ? '' : 'the loop is stuck' };
  }
  ready() {
    return { ok: this.reasons.length === 0, reasons: this.reasons };
  }
  status() {
    if (this.state instanceof Error) throw this.state;
    return this.state;
  }
  page() {
    return '<!doctype html><title>the page</title>';
  }
  onChange(listener: () => void) {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
  metrics() {
    return Promise.resolve('up 1\n');
  }
  change(state: unknown) {
    this.state = state;
    for (const listener of this.listeners) listener();
  }
}

async function start(t: TestContext) {
  const clock = new VirtualClock();
  const controller = new FakeController();
  const logged: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) });
  const stop = new AbortController();
  const server = await startHttp(
    { port: 0, sources: controller, hosts: ['status.example.com'], clock, log },
    stop.signal,
  );
  const url = `http://127.0.0.1:${server.port}`;
  t.after(async () => {
    stop.abort();
    // Virtual time: the drain limit never comes by itself.
    await clock.advance(2_000);
    await server.closed;
  });
  return { controller, logged, stop, server, url, clock };
}

async function ask(url: string, init?: RequestInit) {
  const response = await fetch(url, init);
  return { status: response.status, headers: response.headers, body: await response.text() };
}

async function listen(url: string, localAddress = '127.0.0.1'): Promise<IncomingMessage> {
  const call = get(`${url}/api/events`, { agent: false, localAddress });
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  return response.setEncoding('utf8');
}

/** The data of the next events; comments and the retry line are left out. */
async function* eventsOf(response: IncomingMessage): AsyncGenerator<unknown> {
  let chunks: string[] = [];
  for await (const chunk of response) {
    chunks.push(String(chunk));
    if (!String(chunk).endsWith('\n')) continue;
    const events = chunks.join('').split('\n\n');
    chunks = [events.pop() ?? ''];
    for (const event of events) if (event.startsWith('data: ')) yield JSON.parse(event.slice(6));
  }
}

test('health and readiness tell why not', async (t) => {
  const { controller, url } = await start(t);
  assert.deepEqual(await summary(`${url}/healthz`), [200, 'ok\n']);
  assert.deepEqual(await summary(`${url}/readyz`), [200, '{"ready":true}\n']);
  controller.healthy = false;
  controller.reasons = ['no pass yet', 'the API server does not answer'];
  assert.deepEqual(await summary(`${url}/healthz`), [503, 'the loop is stuck\n']);
  assert.deepEqual(await summary(`${url}/readyz`), [
    503,
    '{"ready":false,"reason":"no pass yet"}\n{"ready":false,"reason":"the API server does not answer"}\n',
  ]);
});

async function summary(url: string) {
  const { status, body } = await ask(url);
  return [status, body];
}

test('metrics, status and the page', async (t) => {
  const { url } = await start(t);
  const metrics = await ask(`${url}/metrics`);
  assert.equal(metrics.body, 'up 1\n');
  assert.equal(metrics.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  assert.deepEqual(await summary(`${url}/api/status`), [200, '{"epoch":1}']);
  const page = await ask(url);
  assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
  assert.match(page.body, /the page/);
});

test('nothing else is there, and every answer carries the security headers', async (t) => {
  const { url } = await start(t);
  for (const path of ['/', '/nothing', '/metrics/', '/api', '/..%2f', '/%zz', '/api/status?x[y]=1']) {
    const { status, headers, body } = await ask(url + path);
    const expected = { '/': 200, '/metrics/': 200, '/api/status?x[y]=1': 200 }[path] ?? 404;
    assert.equal(status, expected, path);
    assert.equal(headers.get('x-content-type-options'), 'nosniff', path);
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/, path);
    assert.equal(headers.get('x-powered-by'), null, path);
    assert.ok(!body.includes('at '), `no stack trace: ${body}`);
  }
});

test('only what reads is served, and no body is taken', async (t) => {
  const { url } = await start(t);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const { status, headers } = await ask(`${url}/api/status`, { method });
    assert.deepEqual([status, headers.get('allow'), headers.get('connection')], [405, 'GET, HEAD', 'close']);
  }
  const head = await ask(`${url}/api/events`, { method: 'HEAD' });
  assert.deepEqual([head.status, head.body], [200, '']);
  const socket = connect(Number(new URL(url).port), '127.0.0.1').setEncoding('utf8');
  t.after(() => socket.destroy());
  socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\n');
  const [answer] = await once(socket, 'data');
  assert.match(String(answer), /^HTTP\/1\.1 413 /);
});

test('a name that a stranger could have is refused, but for health', async (t) => {
  const { server } = await start(t);
  const statusAs = async (host: string, path: string) => {
    const call = get({ port: server.port, host: '127.0.0.1', path, headers: { host }, agent: false });
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode;
  };
  for (const path of ['/', '/api/status', '/metrics']) {
    assert.equal(await statusAs('evil.example:8080', path), 421, path);
    assert.equal(await statusAs('localhost:8080', path), 200, path);
    assert.equal(await statusAs('status.example.com', path), 200, path);
  }
  assert.equal(await statusAs('evil.example', '/api/events'), 421);
  assert.equal(await statusAs('evil.example', '/healthz'), 200);
  assert.equal(await statusAs('evil.example', '/readyz'), 200);
});

test('a source that fails makes a 500 without details, and the server goes on', async (t) => {
  const { controller, url, logged } = await start(t);
  controller.state = new Error('inner workings');
  assert.deepEqual(await summary(`${url}/api/status`), [500, 'internal error\n']);
  assert.match(logged.join(), /inner workings/);
  controller.change(controller.state);
  assert.match(logged[1] ?? '', /status could not be served/);
  controller.state = { epoch: 2 };
  assert.deepEqual(await summary(`${url}/api/status`), [200, '{"epoch":2}']);
});

test('events: one at once, one a change, none without', async (t) => {
  const { controller, url } = await start(t);
  const response = await listen(url);
  assert.equal(response.headers['content-type'], 'text/event-stream');
  const events = eventsOf(response);
  assert.deepEqual((await events.next()).value, { epoch: 1 });
  controller.change({ epoch: 1 });
  controller.change({ epoch: 2 });
  assert.deepEqual((await events.next()).value, { epoch: 2 });
  controller.change({ epoch: 3 });
  assert.deepEqual((await events.next()).value, { epoch: 3 });
});

test('events: a heartbeat keeps the connection known', async (t) => {
  const { url, clock } = await start(t);
  const response = await listen(url);
  let text = '';
  response.on('data', (chunk: string) => {
    text += chunk;
  });
  await once(response, 'data');
  await clock.advance(15_000);
  while (!text.endsWith(':\n\n')) await once(response, 'data');
  assert.equal(text, 'retry: 2000\n\ndata: {"epoch":1}\n\n:\n\n');
});

/** More than the buffers of two sockets take. */
const BIG = 'x'.repeat(20_000_000);

test('events: who reads slowly misses states in between, never the newest', async (t) => {
  const { controller, url } = await start(t);
  const events = eventsOf(await listen(url));
  for (let epoch = 2; epoch < 12; epoch++) controller.change({ epoch, big: BIG });
  const epochs: unknown[] = [];
  for await (const event of events) {
    const { epoch } = event as { epoch: number };
    epochs.push(epoch);
    if (epoch === 11) break;
  }
  assert.deepEqual(epochs, [1, 2, 11]);
});

test('events: who does not read at all is cut off', async (t) => {
  const { controller, url, clock } = await start(t);
  const response = await listen(url);
  controller.change({ epoch: 2, big: BIG });
  await clock.advance(30_000);
  const closed = once(response, 'close');
  response.resume();
  await assert.rejects(closed, /aborted/);
});

test('events: of too many the oldest of the address with the most goes, never the newest', async (t) => {
  const { url } = await start(t);
  const other = await listen(url, '127.0.0.2');
  const clients: IncomingMessage[] = [];
  for (let count = 0; count < 63; count += 1) clients.push(await listen(url));
  const [first, second] = clients;
  assert.ok(first && second);
  const cut = once(first.resume(), 'close');
  const newest = await listen(url);
  assert.equal(newest.statusCode, 200);
  await assert.rejects(cut, /aborted/);
  assert.deepEqual((await eventsOf(second).next()).value, { epoch: 1 });
  assert.deepEqual((await eventsOf(other).next()).value, { epoch: 1 });
});

test('stop ends the event streams, lets answers end and frees the port', async (t) => {
  const { controller, url, stop, server, clock } = await start(t);
  const events = eventsOf(await listen(url));
  await events.next();
  const asked = Promise.withResolvers<void>();
  const slow = Promise.withResolvers<string>();
  controller.metrics = () => {
    asked.resolve();
    return slow.promise;
  };
  const answer = ask(`${url}/metrics`);
  await asked.promise;
  stop.abort();
  assert.equal((await events.next()).done, true);
  assert.equal(controller.listeners.size, 0);
  slow.resolve('late 1\n');
  assert.equal((await answer).body, 'late 1\n');
  await clock.advance(2_000);
  await server.closed;
  await assert.rejects(fetch(`${url}/healthz`));
  assert.equal(clock.pending, 0, 'no timer is left');
});

test('a port that another program has is said with what to do', async (t) => {
  const other = createServer().listen(0);
  await once(other, 'listening');
  t.after(() => other.close());
  const { port } = other.address() as AddressInfo;
  const controller = new FakeController();
  const options = {
    port,
    sources: controller,
    hosts: [],
    clock: systemClock,
    log: pino({ level: 'silent' }),
  };
  await assert.rejects(startHttp(options, new AbortController().signal), {
    message: `the HTTP server cannot listen on port ${port}: another program has it; stop that one or set HTTP_PORT to a free port`,
  });
  assert.equal(controller.listeners.size, 0);
});
