import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../runtime/clock.ts';
import { serveOnLoopback } from '../test/support/loopback.ts';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { WebhookReceiver } from '../test/support/webhook-receiver.ts';
import { publicLookup } from './addresses.ts';
import { httpPost, PostError, type PostOptions } from './post.ts';

const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const NEVER = new AbortController().signal;

function poster(t: TestContext, options: PostOptions = {}) {
  const { post, close } = httpPost(systemClock, options);
  t.after(close);
  return (url: string, abort = NEVER) =>
    post({ url, headers: { 'content-type': 'text/plain' }, body: 'ü' }, abort);
}

test('a redirect is an answer, and nobody else is asked', async (t) => {
  const receiver = await new WebhookReceiver().start(t, SECRET);
  const other = await new WebhookReceiver().start(t, SECRET);
  const send = poster(t);
  for (const status of [301, 302, 303, 307, 308]) {
    receiver.answers.push({ status, headers: { location: other.url } });
    assert.equal((await send(receiver.url)).status, status);
  }
  assert.equal(other.received.length, 0);
  assert.equal(receiver.received.length, 5);
});

test('the wait that a receiver asks for is told, garbage is not', async (t) => {
  const receiver = await new WebhookReceiver().start(t, SECRET);
  const send = poster(t);
  for (const [text, expected] of [
    ['7', 7_000],
    ['-1', undefined],
    ['Fri, 31 Dec 9999 23:59:59 GMT', 86_400_000],
    ['1e9', undefined],
    ['soon', undefined],
  ] as const) {
    receiver.answers.push({ status: 429, headers: { 'retry-after': text } });
    assert.deepEqual(await send(receiver.url), { status: 429, retryAfterMs: expected });
  }
});

test('a link-local target is not called, by its address or behind a name', async (t) => {
  let resolved = '169.254.169.254';
  const lookup = publicLookup((_host, _options, done) => done(null, [{ address: resolved, family: 4 }]));
  const send = poster(t, { lookup });
  const forbidden = /link-local, metadata or multicast/;
  for (const host of [
    '169.254.169.254',
    '0xa9fea9fe',
    '2852039166',
    '[fe80::1]',
    '[::ffff:169.254.169.254]',
    'innocent.example',
  ]) {
    await assert.rejects(send(`http://${host}/latest/meta-data`), forbidden, host);
  }
  // The name answers otherwise the next time: the address that was looked at is the one that counts.
  const receiver = await new WebhookReceiver().start(t, SECRET);
  const named = receiver.url.replace('127.0.0.1', 'innocent.example');
  resolved = '127.0.0.1';
  assert.equal((await send(named)).status, 204);
  const second = poster(t, { lookup });
  resolved = '169.254.169.254';
  await assert.rejects(second(named), forbidden);
});

test('no failure names any part of the URL', async (t) => {
  const server = createServer((socket) => socket.end('garbage that is not HTTP\r\n\r\n'));
  const port = await serveOnLoopback(t, server);
  const send = poster(t);
  for (const url of [
    `http://127.0.0.1:${port}/services/T0KEN`,
    `https://127.0.0.1:${port}/services/T0KEN`,
    'http://127.0.0.1:1/services/T0KEN',
    'http://host.invalid/services/T0KEN',
    'no url T0KEN',
  ]) {
    await assert.rejects(send(url), (error: Error) => {
      assert.ok(error instanceof PostError);
      assert.doesNotMatch(`${error.stack} ${JSON.stringify(error)}`, /T0KEN|127\.0\.0\.1:|host\.invalid/);
      assert.equal(error.cause, undefined);
      return true;
    });
  }
});

test('a target that never answers, or whose answer never ends, is left after 15 seconds', async (t) => {
  for (const beginning of ['', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf']) {
    const asked = Promise.withResolvers<void>();
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', () => {
        socket.write(beginning);
        asked.resolve();
      });
    });
    const url = `http://127.0.0.1:${await serveOnLoopback(t, server)}/`;
    const clock = new VirtualClock();
    const { post, close } = httpPost(clock);
    t.after(close);
    const failure = assert.rejects(post({ url, headers: {}, body: '' }, NEVER), /no answer within 15000 ms/);
    await asked.promise;
    await clock.advance(15_000);
    await failure;
    assert.equal(clock.pending, 0);
  }
});

test('an endless answer is read to a bound', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      const more = () => {
        while (!socket.destroyed && socket.write(`4000\r\n${'x'.repeat(0x4000)}\r\n`));
      };
      socket.on('drain', more);
      more();
    });
  });
  const port = await serveOnLoopback(t, server);
  const outcome = await poster(t)(`http://127.0.0.1:${port}/`).then(
    ({ status }) => status,
    (error: unknown) => error,
  );
  assert.ok(outcome === 200 || outcome instanceof PostError);
});

test('the caller’s reason to stop comes back as it is', async (t) => {
  const stop = new AbortController();
  stop.abort(new Error('the leadership ended'));
  await assert.rejects(poster(t)('http://127.0.0.1:1/', stop.signal), /the leadership ended/);
});
