import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../runtime/clock.ts';
import { outboundDispatcher } from '../../runtime/outbound/dispatcher.ts';
import { NO_PROXIES } from '../../runtime/outbound/proxies.ts';
import { serveOnLoopback } from '../../test/support/loopback.ts';
import { type HttpCall, httpCall } from './http-call.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
const NEVER = new AbortController().signal;

async function served(t: TestContext, answer: RequestListener) {
  const port = await serveOnLoopback(t, createServer(answer));
  const dispatcher = outboundDispatcher(NO_PROXIES, { keepAliveTimeout: 1_000, connections: 1 });
  t.after(() => dispatcher.close());
  const url = new URL(`http://127.0.0.1:${port}/zones/a?full=1`);
  return (call: Pick<HttpCall, 'method' | 'body' | 'timeoutMs'>, abort = NEVER) =>
    httpCall({ clock: systemClock, dispatcher }, { what: 'the call', url, headers: {}, ...call }, abort);
}

for (const method of METHODS) {
  const body = method === 'GET' || method === 'HEAD' ? undefined : '{"ttl":60}';
  const call = { method, ...(body !== undefined && { body }) };

  test(`${method} reaches the API as it is, and any status is an answer`, async (t) => {
    const send = await served(t, (request, response) => {
      const received: Buffer[] = [];
      request.on('data', (chunk: Buffer) => received.push(chunk));
      request.on('end', () => {
        response.writeHead(404, {
          'x-got': `${request.method} ${request.url} ${Buffer.concat(received).toString()}`,
        });
        response.end('no such zone');
      });
    });
    const { status, headers, text } = await send(call);
    assert.equal(status, 404);
    assert.equal(headers['x-got'], `${method} /zones/a?full=1 ${body ?? ''}`);
    assert.equal(text, method === 'HEAD' ? '' : 'no such zone');
  });

  test(`${method} follows no redirect`, async (t) => {
    const asked: (string | undefined)[] = [];
    const send = await served(t, (request, response) => {
      asked.push(request.url);
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    assert.equal((await send(call)).status, 307);
    assert.deepEqual(asked, ['/zones/a?full=1']);
  });

  test(`${method} without an answer ends in time, to be tried again`, async (t) => {
    const send = await served(t, () => undefined);
    await assert.rejects(send({ ...call, timeoutMs: 50 }), { name: 'DnsError', kind: 'retry' });
  });
}

// undici uses no connection again after HEAD.
const OF_A_CLOSED_CONNECTION = [
  ...METHODS.filter((each) => each !== 'HEAD').map((method) => ({ method })),
  // Namecheap's reads.
  { method: 'POST', onlyReads: true },
] as const;
for (const call of OF_A_CLOSED_CONNECTION) {
  const isSafe = call.method === 'GET' || 'onlyReads' in call;
  test(`${JSON.stringify(call)} by a connection that is closed just then ${isSafe ? 'is sent once more' : 'fails, as it may have been taken'}`, async (t) => {
    const sockets: unknown[] = [];
    const send = await served(t, ({ socket }, response) => {
      const isUsed = sockets.includes(socket);
      sockets.push(socket);
      if (isUsed) socket.destroy();
      else response.end();
    });
    assert.equal((await send(call)).status, 200);
    if (isSafe) assert.equal((await send(call)).status, 200);
    else await assert.rejects(send(call), { name: 'DnsError', kind: 'retry', code: 'network' });
    assert.equal(sockets.length, isSafe ? 3 : 2);
  });
}

for (const method of METHODS.filter((each) => each !== 'HEAD')) {
  test(`an endless answer to ${method} is read to its bound only`, async (t) => {
    const send = await served(t, (_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(256 * 1024, 'x')));
      };
      response.on('drain', more);
      more();
    });
    await assert.rejects(send({ method }), { name: 'DnsError', kind: 'retry' });
  });
}
