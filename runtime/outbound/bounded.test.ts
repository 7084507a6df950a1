import assert from 'node:assert/strict';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { serveOnLoopback } from '../../test/support/loopback.ts';
import { outboundDispatcher } from './dispatcher.ts';
import { NO_PROXIES, type ProxySettings } from './proxies.ts';

const MOST = 1_000_000;
const IN_CHUNKS = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const INTERIM = 'HTTP/1.1 103 Early Hints\r\n\r\n';

function caller(t: TestContext, proxies: ProxySettings = NO_PROXIES) {
  const dispatcher = outboundDispatcher(proxies, {
    keepAliveTimeout: 1_000,
    connections: 1,
    mostBytes: MOST,
  });
  t.after(() => dispatcher.destroy());
  return async (origin: string) => {
    const { statusCode, body } = await dispatcher.request({ origin, path: '/', method: 'GET' });
    return { statusCode, text: await body.text() };
  };
}

/** Answers with `first`, and then with `more` again and again. */
async function endless(t: TestContext, first: string, more: string) {
  const block = more.repeat(Math.ceil(65_536 / more.length));
  let sent = 0;
  const server = createServer((socket: Socket) => {
    const send = () => {
      while (!socket.destroyed && socket.write(block)) sent += block.length;
    };
    socket.on('drain', send).on('error', () => undefined); // Cut off, as is right.
    socket.once('data', () => {
      socket.write(first);
      send();
    });
  });
  return { origin: `http://127.0.0.1:${await serveOnLoopback(t, server)}`, sent: () => sent };
}

for (const [what, first, more] of [
  ['interim answers', '', INTERIM],
  ['empty lines before it', '', '\r\n'],
  ['a status line', 'HTTP/1.1 200 ', 'x'],
  ['the length of a chunk', IN_CHUNKS, '0'],
  ['what stands behind the length of a chunk', `${IN_CHUNKS}1;`, 'x'],
  ['a body', IN_CHUNKS, '5\r\nhello\r\n'],
] as const) {
  test(`${what} without an end: the connection ends`, { timeout: 10_000 }, async (t) => {
    const { origin, sent } = await endless(t, first, more);
    await assert.rejects(caller(t)(origin), { code: 'ENDLESS_ANSWER' });
    assert.ok(sent() < 20 * MOST, `${sent()} bytes were sent`); // Most of it lies in the sockets.
  });
}

test('through a proxy it is the same', { timeout: 10_000 }, async (t) => {
  const { origin } = await endless(t, '', '\r\n');
  const call = caller(t, { https: origin, http: origin, noProxy: [] });
  await assert.rejects(call('http://west.test'), { code: 'ENDLESS_ANSWER' });
});

test('a connection that is used again begins anew, and a few interim answers are none too many', async (t) => {
  let connections = 0;
  const text = 'x'.repeat(0.4 * MOST);
  const server = createHttpServer((_, response) => {
    for (let count = 30; count > 0; count -= 1) response.writeEarlyHints({ link: '</a>; rel=preload' });
    response.end(text);
  }).on('connection', () => {
    connections += 1;
  });
  const origin = `http://127.0.0.1:${await serveOnLoopback(t, server)}`;
  const call = caller(t);
  for (let count = 5; count > 0; count -= 1) {
    const answer = await call(origin);
    assert.equal(answer.statusCode, 200);
    assert.ok(answer.text === text);
  }
  assert.equal(connections, 1);
});
