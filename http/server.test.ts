import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { systemClock } from '../runtime/clock.ts';
import { until } from '../test/support/until.ts';
import { createAuthority, issueLeaf } from '../webhook/certificates/authority.ts';
import {
  closeServer,
  createBoundedServer,
  createBoundedTlsServer,
  type Limits,
  listen,
  portOf,
} from './server.ts';

const LIMITS: Limits = {
  maxConnections: 50,
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  keepAliveTimeout: 500,
  maxHeaderSize: 8_192,
  bodies: 'none',
};
const HOST = '127.0.0.1';
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

async function start(t: TestContext, handle?: RequestListener, limits: Partial<Limits> = {}) {
  let handled = 0;
  const answer: RequestListener = (request, response) => {
    handled += 1;
    if (handle === undefined) response.end('ok\n');
    else handle(request, response);
  };
  const server = createBoundedServer({ ...LIMITS, ...limits }, answer);
  await listen(server, { port: 0, host: HOST });
  t.after(() => closeServer(server, systemClock, 0));
  return {
    port: portOf(server),
    connections: server.connections,
    get handled() {
      return handled;
    },
  };
}

function dial(t: TestContext, port: number, localAddress = HOST): Socket {
  const socket = connect({ port, host: HOST, localAddress });
  socket.on('error', () => undefined); // A reset is a way to close as well.
  t.after(() => socket.destroy());
  return socket;
}

/** All that comes until the server closes. */
async function everything(socket: Socket): Promise<string> {
  let came = '';
  socket.on('data', (data) => {
    came += data;
  });
  await once(socket, 'close');
  return came;
}

const floods: Readonly<Record<string, string>> = {
  requests: GET.repeat(2_400),
  'requests without a host': 'GET / HTTP/1.1\r\n\r\n'.repeat(3_600),
  'requests that expect something': 'GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n'.repeat(1_500),
  'requests that would upgrade':
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n'.repeat(900),
  tunnels: 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(1_500),
  'requests with bodies': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx'.repeat(1_200),
};
for (const [what, flood] of Object.entries(floods)) {
  test(`of 64 kB of ${what} in one packet no more than one is looked at`, async (t) => {
    const server = await start(t);
    const socket = dial(t, server.port);
    socket.write(flood);
    await everything(socket);
    assert.ok(server.handled <= 1, `${server.handled} requests were handled`);
  });
}

test('one request after the other is answered on one connection', async (t) => {
  const server = await start(t);
  const socket = dial(t, server.port);
  for (let round = 0; round < 20; round += 1) {
    socket.write(GET);
    assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1.1 200 [\s\S]*ok\n$/);
  }
  assert.deepEqual([server.handled, server.connections.size], [20, 1]);
});

test('a request before the last answer is out ends the connection, whenever it comes', async (t) => {
  const server = await start(t, () => undefined);
  const socket = dial(t, server.port);
  socket.write(GET);
  await until('the first one is asked', () => server.handled === 1 || undefined, { timeoutMs: 5_000 });
  socket.write(GET);
  assert.equal(await everything(socket), '');
  assert.equal(server.handled, 1);
});

test('an answer that has ended holds up one more request, but not two', async (t) => {
  // Over TLS Node tells of an answer that it is out a turn of the event loop later than the client may have it.
  const answer = Buffer.alloc(16 * 1024 * 1024);
  const server = await start(t, (_request, response) => response.end(answer));
  const unread = dial(t, server.port);
  for (let count = 1; count <= 2; count += 1) {
    unread.write(GET);
    await until('it is asked', () => server.handled === count || undefined, { timeoutMs: 5_000 });
  }
  unread.write(GET);
  await once(unread.resume(), 'close');
  assert.equal(server.handled, 2);
});

test('a body that is not read, behind an answer that is not out, ends the connection and nothing else', async (t) => {
  const answer = Buffer.alloc(16 * 1024 * 1024);
  const server = await start(t, (_request, response) => response.end(answer));
  const unread = dial(t, server.port);
  unread.write(GET);
  await until('it is asked', () => server.handled === 1 || undefined, { timeoutMs: 5_000 });
  unread.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx');
  await once(unread.resume(), 'close');
  assert.equal(server.handled, 1);
});

test('a body in 10,000 chunks gets its answer without being parsed', async (t) => {
  let parsed = 0;
  const server = await start(t, (request, response) => {
    request.on('data', () => {
      parsed += 1;
    });
    response.statusCode = 413;
    response.end('no body\n');
  });
  const socket = dial(t, server.port);
  socket.write(
    `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\na\r\n'.repeat(10_000)}`,
  );
  assert.match(await text(socket), /^HTTP\/1.1 413 [\s\S]*\r\nConnection: close\r\n[\s\S]*no body\n$/);
  assert.equal(parsed, 0);
});

test('when it is full the longest silent connection of the largest client goes, never one that asks', async (t) => {
  const server = await start(t);
  const kubelet = dial(t, server.port, '127.0.0.2');
  await once(kubelet, 'connect');
  const held = Array.from({ length: 49 }, () => dial(t, server.port));
  const closed: number[] = [];
  for (const [index, socket] of held.entries()) socket.on('close', () => closed.push(index));
  await until('all are there', () => server.connections.size === 50 || undefined, { timeoutMs: 5_000 });
  held[0]?.write(GET);
  if (held[0] !== undefined) await once(held[0], 'data');
  const next = dial(t, server.port);
  next.write(GET);
  await once(next, 'data');
  await until('one has gone', () => closed.length > 0 || undefined, { timeoutMs: 5_000 });
  assert.deepEqual([closed, server.connections.size], [[1], 50]);
  kubelet.write(GET);
  assert.match(String((await once(kubelet, 'data'))[0]), /200/);
});

test('a body that does not come is silence: whoever holds many such requests loses his own', async (t) => {
  const server = await start(t, () => undefined, { maxConnections: 10, bodies: 'with-length' });
  const honest = dial(t, server.port, '127.0.0.2');
  let isGone = false;
  honest.on('close', () => {
    isGone = true;
  });
  await until('it is there', () => server.connections.size === 1 || undefined, { timeoutMs: 5_000 });
  let closed = 0;
  for (let count = 1; count <= 10; count += 1) {
    const socket = dial(t, server.port);
    socket.on('close', () => {
      closed += 1;
    });
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx');
    await until('it is asked', () => server.handled === count || undefined, { timeoutMs: 5_000 });
  }
  await until('one has gone', () => closed === 1 || undefined, { timeoutMs: 5_000 });
  assert.deepEqual([isGone, server.connections.size], [false, 10]);
});

test('when all wait for their answers the one that has waited longest goes', async (t) => {
  const server = await start(t, () => undefined, { maxConnections: 3 });
  const closed: number[] = [];
  for (let index = 0; index < 5; index += 1) {
    const socket = dial(t, server.port);
    socket.on('close', () => closed.push(index));
    socket.write(GET);
    await until('it is asked', () => server.handled === index + 1 || undefined, { timeoutMs: 5_000 });
  }
  await until('two have gone', () => closed.length === 2 || undefined, { timeoutMs: 5_000 });
  assert.deepEqual(closed, [0, 1]);
});

test('TLS: handshakes that never end count, and one request at a time holds as well', async (t) => {
  const authority = await createAuthority(Date.now(), 3_600_000);
  const { certificate: cert, key } = await issueLeaf(authority, [HOST], Date.now(), 3_600_000);
  let handled = 0;
  const server = createBoundedTlsServer(
    { ...LIMITS, maxConnections: 10 },
    { cert, key },
    systemClock,
    (_request, response) => {
      handled += 1;
      response.end('ok\n');
    },
  );
  await listen(server, { port: 0, host: HOST });
  t.after(() => closeServer(server, systemClock, 0));
  const port = portOf(server);
  const silent = Array.from({ length: 30 }, () => dial(t, port));
  await Promise.all(silent.map((socket) => once(socket, 'connect')));
  const client = connectTls({ port, host: HOST, ca: authority.certificate });
  client.on('error', () => undefined);
  t.after(() => client.destroy());
  await once(client, 'secureConnect');
  client.write(GET);
  assert.match(String((await once(client, 'data'))[0]), /200/);
  assert.equal(server.connections.size, 10);
  const clientClosed = once(client, 'close');
  const more = Array.from({ length: 20 }, () => dial(t, port));
  await Promise.all(more.map((socket) => once(socket, 'connect')));
  await clientClosed;
  const second = connectTls({ port, host: HOST, ca: authority.certificate });
  second.on('error', () => undefined);
  await once(second, 'secureConnect');
  second.write(GET.repeat(500));
  await once(second.resume(), 'close');
  assert.ok(handled <= 2, `${handled} requests were handled`);
});
