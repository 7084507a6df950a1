import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { pino } from 'pino';
import { systemClock as clock } from '../runtime/clock.ts';
import { until } from '../test/support/until.ts';
import { createAuthority, issueLeaf } from './certificates/authority.ts';
import { startAdmissionServer } from './server.ts';
import { BLOCK_BYTES, BodyGatherer } from './server-body.ts';
import { reviewerBy } from './testing/reviewer.ts';

const LIFE = 3_600_000;
const authority = await createAuthority(Date.now(), LIFE);
const other = await createAuthority(Date.now(), LIFE);
const HOST = '127.0.0.1';
const [leaf, otherLeaf] = await Promise.all([
  issueLeaf(authority, [HOST], Date.now(), LIFE),
  issueLeaf(other, [HOST], Date.now(), LIFE),
]);
const REVIEW = JSON.stringify({ review: true });

const REVIEWER = reviewerBy((body) => {
  if (typeof body === 'object' && body !== null && 'review' in body) {
    return { kind: 'answered', answer: { echo: body } };
  }
  if (Array.isArray(body) && body.length > 0) throw new TypeError('a defect');
  return { kind: 'malformed', problem: 'not a review' };
});

async function start(t: TestContext, lingerMs = 0) {
  const stop = new AbortController();
  const logged: string[] = [];
  const refused: number[] = [];
  const answered: number[] = [];
  const server = await startAdmissionServer(
    {
      port: 0,
      path: '/mutate',
      reviewer: REVIEWER,
      clock,
      log: pino({ level: 'info' }, { write: (line: string) => void logged.push(line) }),
      lingerMs,
      onAnswer: (seconds) => void answered.push(seconds),
      onRefused: (status) => void refused.push(status),
    },
    stop.signal,
  );
  server.use(leaf);
  t.after(async () => {
    stop.abort();
    await server.closed;
  });
  return { server, stop, logged, refused, answered };
}

interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly agent?: Agent | false;
  readonly ca?: string;
}

async function ask(port: number, options: Ask = {}) {
  const {
    method = 'POST',
    path = '/mutate',
    headers = {},
    body = REVIEW,
    agent = false,
    ca = authority.certificate,
  } = options;
  const call = request({
    host: HOST,
    port,
    method,
    path,
    ca,
    agent,
    headers: {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      ...headers,
    },
  });
  // A server that does not read a large body closes while it is still being sent.
  call.end(body);
  const [response] = await once(call, 'response');
  call.on('error', () => undefined);
  let text = '';
  response.setEncoding('utf8');
  try {
    for await (const part of response) text += part;
  } catch {
    // Cut off after the answer: what came of it is what is looked at.
  }
  return { status: response.statusCode as number, headers: response.headers as Record<string, string>, text };
}

test('a review is answered with JSON', async (t) => {
  const { server, answered, refused } = await start(t);
  for (const type of ['application/json', 'application/json; charset=utf-8']) {
    const answer = await ask(server.port, { headers: { 'content-type': type } });
    assert.equal(answer.status, 200);
    assert.match(answer.headers['content-type'] ?? '', /^application\/json/);
    assert.deepEqual(JSON.parse(answer.text), { echo: { review: true } });
  }
  assert.deepEqual([answered.length, refused], [2, []]);
});

const refusals: Readonly<Record<string, [ask: Ask, status: number, text: RegExp]>> = {
  'another method': [{ method: 'PUT' }, 405, /only POST/],
  'a GET': [{ method: 'GET', body: '' }, 405, /only POST/],
  'another path': [{ path: '/mutate/pods' }, 404, /not found/],
  'another type': [{ headers: { 'content-type': 'application/yaml' } }, 415, /only application\/json/],
  'a patch type': [
    { headers: { 'content-type': 'application/json-patch+json' } },
    415,
    /only application\/json/,
  ],
  'no type': [{ headers: { 'content-type': '' } }, 415, /only application\/json/],
  'an encoding': [{ headers: { 'content-encoding': 'gzip' } }, 415, /cannot be read/],
  'an unknown charset': [
    { headers: { 'content-type': 'application/json; charset=x' } },
    415,
    /cannot be read/,
  ],
  'another charset': [
    { headers: { 'content-type': 'application/json; charset=latin1' } },
    415,
    /cannot be read/,
  ],
  'no JSON': [{ body: '{"review":' }, 400, /cannot be read/],
  'a lone value': [{ body: '1' }, 400, /cannot be read/],
  'an empty body': [{ body: '' }, 400, /^not a review\n$/],
  'no review': [{ body: '{}' }, 400, /^not a review\n$/],
  'five megabytes': [
    { body: Buffer.alloc(5 * 1024 * 1024, 32) },
    413,
    /cannot be read: request entity too large/,
  ],
  'a defect of ours': [{ body: '[1]' }, 500, /^internal error\n$/],
};
for (const [name, [options, status, text]] of Object.entries(refusals)) {
  test(`${name} is refused with ${status}, and the next review is answered`, async (t) => {
    const { server, refused } = await start(t);
    const answer = await ask(server.port, options);
    assert.equal(answer.status, status);
    assert.match(answer.text, text);
    assert.doesNotMatch(answer.text, /node_modules|at /);
    assert.equal((await ask(server.port)).status, 200);
    assert.deepEqual(refused, [status]);
  });
}

test('a body of 4 MB is taken', async (t) => {
  const { server } = await start(t);
  const body = JSON.stringify({ review: 'x'.repeat(4_000_000) });
  assert.equal((await ask(server.port, { body })).status, 200);
});

test('a new certificate is shown to new connections; those that are open go on', async (t) => {
  const { server } = await start(t);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  assert.equal((await ask(server.port, { agent })).status, 200);
  server.use(otherLeaf);
  assert.equal((await ask(server.port, { agent })).status, 200);
  assert.equal(server.connections, 1);
  await assert.rejects(ask(server.port), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  assert.equal((await ask(server.port, { ca: other.certificate })).status, 200);
});

test('while stopping it lingers for new connections, sends each client away and then closes', async (t) => {
  const { server, stop } = await start(t, 200);
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  assert.equal((await ask(server.port, { agent })).headers.connection, 'keep-alive');
  stop.abort();
  assert.equal((await ask(server.port, { agent })).headers.connection, 'close');
  assert.equal((await ask(server.port)).status, 200);
  await server.closed;
  await assert.rejects(ask(server.port), { code: 'ECONNREFUSED' });
});

/** Writes `text` and resolves to all that came until the server closed, with the milliseconds it took. */
async function untilClosed(port: number, text: string, dribble?: string) {
  const socket: TLSSocket = connect({ host: HOST, port, ca: authority.certificate });
  await once(socket, 'secureConnect');
  const began = performance.now();
  let said = '';
  socket.on('data', (data) => {
    said += data;
  });
  socket.on('error', () => undefined); // A reset is a way to close as well.
  socket.write(text);
  const timer = dribble === undefined ? undefined : setInterval(() => socket.write(dribble), 200);
  await once(socket, 'close');
  clearInterval(timer);
  return { said, ms: performance.now() - began };
}

test('who is slow or stops half-way is cut off, while others are served', { timeout: 30_000 }, async (t) => {
  const { server } = await start(t);
  const head = 'POST /mutate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
  const slow = Promise.all([
    untilClosed(server.port, ''),
    untilClosed(server.port, 'POST /mut'),
    untilClosed(server.port, head, 'x: y\r\n'),
    untilClosed(server.port, `${head}content-length: 1000\r\n\r\n{"a"`),
    untilClosed(server.port, `${head}content-length: 100000\r\n\r\n`, ' '),
    untilClosed(server.port, 'nonsense\r\n\r\n'),
    // Bit by bit, as who is closed with something unread is reset, and may lose the answer.
    untilClosed(server.port, `${head}x: ${'y'.repeat(16_000)}`, 'y'.repeat(200)),
  ]);
  assert.equal((await ask(server.port)).status, 200);
  const ends = await slow;
  for (const { ms } of ends) assert.ok(ms < 13_000, `closed after ${ms} ms`);
  const statuses = ends.map(({ said }) => /^HTTP\/1.1 (\d+)/.exec(said)?.[1]);
  assert.deepEqual(statuses, ['408', '408', '408', '408', '408', '400', '431']);
  await until('no connection is left', () => server.connections === 0 || undefined, { timeoutMs: 1_000 });
  assert.equal((await ask(server.port)).status, 200);
});

test('a content type that is longer than any is refused before it is looked at', async (t) => {
  const { server } = await start(t);
  const type = `application/json;${' '.repeat(15_500)}x`;
  const began = process.threadCpuUsage();
  const answer = await ask(server.port, { headers: { 'content-type': type } });
  const { user } = process.threadCpuUsage(began);
  assert.equal(answer.status, 415);
  assert.ok(user < 50_000, `${user} µs of processor`);
});

test('a body in chunks is refused unread, as it could come in more pieces than bytes are worth', async (t) => {
  const { server, refused } = await start(t);
  const head = 'POST /mutate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
  const { said } = await untilClosed(server.port, `${head}transfer-encoding: chunked\r\n\r\n1\r\n{\r\n`);
  assert.match(said, /^HTTP\/1.1 411 [\s\S]*\r\nconnection: close\r\n[\s\S]*only with Content-Length/i);
  assert.deepEqual(refused, [411]);
  assert.equal((await ask(server.port)).status, 200);
});

test('who holds large bodies back is sent away, and reviews are answered', { timeout: 30_000 }, async (t) => {
  const { server, refused } = await start(t);
  // No more than needed: where a busy machine takes ten seconds for all, they are sent away for that.
  const clients = 24;
  const held = Buffer.alloc(62 * 65_536, 32);
  const head = 'POST /mutate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
  const before = process.memoryUsage().heapUsed;
  let closed = 0;
  for (let client = 0; client < clients; client += 1) {
    const socket = connect({ host: HOST, port: server.port, ca: authority.certificate });
    t.after(() => socket.destroy());
    socket.on('error', () => undefined); // A reset is a way to close as well.
    socket.on('close', () => {
      closed += 1;
    });
    socket.resume().write(`${head}content-length: 4000000000\r\n\r\n`);
    socket.write(held);
  }
  // 62 times 64 KiB are 3.9 MiB, of which 64 MB hold 15.
  const sentAway = clients - Math.floor(64_000_000 / (62 * 65_536));
  await until('the others are sent away', () => closed >= sentAway || undefined, { timeoutMs: 20_000 });
  assert.equal((await ask(server.port)).status, 200);
  assert.ok(refused.length > 0);
  assert.deepEqual(new Set(refused), new Set([503]));
  const grown = process.memoryUsage().heapUsed - before;
  assert.ok(grown < 64_000_000, `the heap has grown by ${grown} bytes`);
});

test('a body in small pieces takes no more memory than its bytes', async () => {
  const bodies = new BodyGatherer({ maxBody: 1_000_000, maxTotal: 2 * BLOCK_BYTES });
  const [first, second] = [new PassThrough(), new PassThrough()];
  const [refused, whole] = [bodies.gather(first, 'a'), bodies.gather(second, 'a')];
  for (let byte = 0; byte < BLOCK_BYTES; byte += 1) first.write('a');
  for (let byte = 0; byte < BLOCK_BYTES; byte += 1) second.write('b');
  const third = bodies.gather(new PassThrough().end('c'), 'a');
  // Of two that are as large, the one that is older.
  await assert.rejects(refused, { status: 503 });
  assert.equal((await third).take().toString(), 'c');
  second.end();
  assert.equal((await whole).take().toString(), 'b'.repeat(BLOCK_BYTES));
});

test('a client that goes away gives its memory back', async () => {
  const bodies = new BodyGatherer({ maxBody: 1_000_000, maxTotal: BLOCK_BYTES });
  for (let round = 0; round < 3; round += 1) {
    const request = new PassThrough();
    const gathered = bodies.gather(request, 'a');
    const came = once(request, 'data');
    request.write('a');
    await came;
    request.destroy();
    await assert.rejects(gathered, { status: 400 });
  }
  const other = new PassThrough();
  const gathered = bodies.gather(other, 'a');
  other.end('b');
  assert.equal((await gathered).take().toString(), 'b');
});

test('a body that waits to be taken counts, and gives way when it is the largest', async () => {
  const bodies = new BodyGatherer({ maxBody: 1_000_000, maxTotal: 2 * BLOCK_BYTES });
  const large = await bodies.gather(new PassThrough().end('a'.repeat(BLOCK_BYTES + 1)), 'a');
  const small = await bodies.gather(new PassThrough().end('b'), 'a');
  assert.throws(() => large.take(), { status: 503 });
  assert.equal(small.take().toString(), 'b');
  const next = await bodies.gather(new PassThrough().end('c'.repeat(2 * BLOCK_BYTES)), 'a');
  assert.equal(next.take().length, 2 * BLOCK_BYTES);
});

test('of the client with the most the largest body gives way, however large that of another is', async () => {
  const bodies = new BodyGatherer({ maxBody: 1_000_000, maxTotal: 4 * BLOCK_BYTES });
  const of = (client: string, blocks: number) =>
    bodies.gather(new PassThrough().end('a'.repeat(blocks * BLOCK_BYTES)), client);
  const large = await of('API server', 2);
  const [first, second] = [await of('stranger', 1), await of('stranger', 1)];
  const third = await of('stranger', 1);
  assert.equal(large.take().length, 2 * BLOCK_BYTES);
  assert.throws(() => first.take(), { status: 503 });
  for (const body of [second, third]) assert.equal(body.take().length, BLOCK_BYTES);
});

test('a body that is dropped gives its memory back', async () => {
  const bodies = new BodyGatherer({ maxBody: 1_000_000, maxTotal: BLOCK_BYTES });
  for (let round = 0; round < 3; round += 1) {
    const body = await bodies.gather(new PassThrough().end('a'), 'a');
    body.drop();
  }
  assert.equal((await bodies.gather(new PassThrough().end('b'), 'a')).take().toString(), 'b');
});
