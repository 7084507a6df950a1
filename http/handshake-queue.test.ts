import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { systemClock } from '../runtime/clock.ts';
import { serveOnLoopback } from '../test/support/loopback.ts';
import { HandshakeQueue } from './handshake-queue.ts';

/** Sockets as a server has them, of clients with these addresses. */
async function accepted(t: TestContext, addresses: readonly string[]): Promise<readonly Socket[]> {
  const server = createServer();
  const port = await serveOnLoopback(t, server);
  const sockets: Socket[] = [];
  for (const localAddress of addresses) {
    const client = connect({ port, host: '127.0.0.1', localAddress });
    t.after(() => client.destroy());
    const [socket] = (await once(server, 'connection')) as [Socket];
    t.after(() => socket.destroy());
    sockets.push(socket);
  }
  return sockets;
}

test('one begins at a time, and each client in turn', async (t) => {
  const stranger = Array.from({ length: 10 }, () => '127.0.0.66');
  const sockets = await accepted(t, [...stranger, '127.0.0.2', '127.0.0.3']);
  const queue = new HandshakeQueue({ ...systemClock, elapsed: () => 0 });
  const begun: (string | undefined)[] = [];
  for (const socket of sockets) {
    queue.took();
    queue.add(socket, () => begun.push(socket.remoteAddress));
  }
  assert.deepEqual(begun, []);
  await turn();
  assert.deepEqual(begun, [], 'more may come');
  for (const [index] of sockets.entries()) {
    await turn();
    assert.equal(begun.length, index + 1);
  }
  assert.deepEqual(begun.slice(0, 4), ['127.0.0.66', '127.0.0.2', '127.0.0.3', '127.0.0.66']);
});

test('who has gone in the meantime begins nothing', async (t) => {
  const [gone, there] = await accepted(t, ['127.0.0.66', '127.0.0.66']);
  assert.ok(gone && there);
  const queue = new HandshakeQueue(systemClock);
  const begun: string[] = [];
  queue.add(gone, () => begun.push('gone'));
  queue.add(there, () => begun.push('there'));
  gone.destroy();
  await turn();
  await turn();
  assert.deepEqual(begun, ['there']);
});

test('while more connections come they are taken first, but not for ever', async (t) => {
  const sockets = await accepted(
    t,
    Array.from({ length: 40 }, (_, index) => `127.0.1.${index + 1}`),
  );
  let elapsed = 0;
  const queue = new HandshakeQueue({ ...systemClock, elapsed: () => elapsed });
  const begun: number[] = [];
  for (const [index, socket] of sockets.entries()) {
    queue.took();
    queue.add(socket, () => begun.push(index));
    elapsed += 1;
    await turn();
    if (index === 1) assert.deepEqual(begun, []);
  }
  assert.deepEqual(begun.slice(0, 4), [0, 1, 2, 3]);
  assert.ok(begun.length >= 8 && begun.length <= 20, `${begun.length} have begun after 40 ms`);
});
