import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../runtime/clock.ts';
import { outboundDispatcher } from '../../runtime/outbound/dispatcher.ts';
import { NO_PROXIES } from '../../runtime/outbound/proxies.ts';
import { serveOnLoopback } from '../../test/support/loopback.ts';
import { topology } from '../../test/support/page-states.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { httpAskPeer } from './ask.ts';

const NEVER = new AbortController().signal;

async function peer(t: TestContext, listener: RequestListener, clock = systemClock) {
  const port = await serveOnLoopback(t, createServer(listener));
  const dispatcher = outboundDispatcher(NO_PROXIES, { keepAliveTimeout: 1_000 });
  t.after(() => dispatcher.destroy());
  const ask = httpAskPeer(clock, dispatcher);
  return { port, ask: (path = '', abort = NEVER) => ask(`http://127.0.0.1:${port}${path}`, abort) };
}

test('it asks for the status beside the page, also below a path, and takes nothing else along', async (t) => {
  const asked: unknown[] = [];
  const { ask } = await peer(t, ({ method, url, headers }, response) => {
    asked.push([method, url, headers.accept, headers.authorization, headers.cookie]);
    response.end(JSON.stringify(topology()));
  });
  for (const path of ['', '/', '/west', '/west/']) {
    const answer = await ask(path);
    assert.ok(answer.ok, JSON.stringify(answer));
    assert.equal(answer.sides[0]?.activeSite, 'us-east');
  }
  const call = (url: string) => ['GET', url, 'application/json', undefined, undefined];
  assert.deepEqual(asked, [
    call('/api/status'),
    call('/api/status'),
    call('/west/api/status'),
    call('/west/api/status'),
  ]);
});

test('whatever else is answered is said with what to do', async (t) => {
  const { ask } = await peer(t, ({ url = '' }, response) => {
    response.statusCode = Number(url.split('/')[1]);
    response.setHeader('location', '/200');
    response.end('{"followers":7}');
  });
  const problem = async (status: number) => {
    const answer = await ask(`/${status}`);
    return answer.ok ? '' : answer.problem;
  };
  assert.match(await problem(421), /answered 421: HTTP_HOSTS there has to have 127\.0\.0\.1/);
  assert.match(await problem(302), /answered 302, which leads elsewhere/);
  assert.match(await problem(401), /answered 401: let this cluster in without a login/);
  assert.match(await problem(404), /answered 404: the URL in PEERS/);
  assert.match(await problem(503), /answered 503$/);
  assert.match(await problem(200), /no page of kube-site-follower/);
});

test('an answer without an end, or of too many objects, is not read on', async (t) => {
  let sent = 0;
  const { ask } = await peer(t, ({ url = '' }, response) => {
    const chunk = url.startsWith('/objects') ? '{},'.repeat(20_000) : ' '.repeat(64 * 1024);
    const send = () => {
      while (!response.destroyed && response.write(chunk)) sent += chunk.length;
    };
    response.on('drain', send).on('error', () => undefined);
    send();
  });
  for (const path of ['/spaces', '/objects']) {
    sent = 0;
    const answer = await ask(path);
    assert.match(answer.ok ? '' : answer.problem, /more than a controller would/);
    assert.ok(sent < 16 * 1024 * 1024, `${sent} bytes`);
  }
});

test('one that takes the question and says nothing is given up', async (t) => {
  const clock = new VirtualClock();
  const asked = Promise.withResolvers<void>();
  const { ask } = await peer(t, () => asked.resolve(), clock);
  const answer = ask();
  await asked.promise;
  await clock.advance(5_000);
  assert.deepEqual(await answer, { ok: false, problem: 'its page gave no answer within 5000 ms' });
});

test('one that is not there is said so, and an end ends the question', async (t) => {
  const { ask, port } = await peer(t, () => undefined);
  const stop = new AbortController();
  const answer = ask('', stop.signal);
  stop.abort(new Error('the end'));
  await assert.rejects(answer, /the end/);
  const dispatcher = outboundDispatcher(NO_PROXIES, { keepAliveTimeout: 1_000 });
  t.after(() => dispatcher.destroy());
  const nobody = await httpAskPeer(systemClock, dispatcher)('http://127.0.0.1:1', NEVER);
  assert.match(nobody.ok ? '' : nobody.problem, /^no answer: .*ECONNREFUSED/);
  assert.ok(port > 0);
});

test('it goes through the proxy, and names it where that does not get there', async (t) => {
  const asked: unknown[] = [];
  const proxy = createServer(({ url }, response) => {
    asked.push(url);
    response.end(JSON.stringify(topology()));
  }).on('connect', (_, socket) => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
  const url = `http://127.0.0.1:${await serveOnLoopback(t, proxy)}`;
  const dispatcher = outboundDispatcher({ https: url, http: url, noProxy: [] }, { keepAliveTimeout: 1_000 });
  t.after(() => dispatcher.destroy());
  const ask = httpAskPeer(systemClock, dispatcher);
  assert.equal((await ask('http://west.test', NEVER)).ok, true);
  assert.deepEqual(asked, ['http://west.test/api/status']);
  const lost = await ask('https://nobody.test', NEVER);
  assert.equal(
    lost.ok ? '' : lost.problem,
    `no answer through the proxy ${url}: the proxy answered 502: it cannot reach this host`,
  );
});
