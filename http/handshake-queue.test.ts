import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { HandshakeQueue } from './handshake-queue.ts';

/** Sockets as a server has them, of clients with these addresses. */
async function accepted(t: TestContext, addresses: readonly string[]): Promise<readonly Socket[]> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const sockets: Socket[] = [];
  for (const localAddress of addresses) {
    const client = connect({ port: address.port, host: '127.0.0.1', localAddress });
    t.after(() => client.destroy());
    const [socket] = (await once(server, 'connection')) as [Socket];
    t.after(() => socket.destroy());
    sockets.push(socket);
  }
  return sockets;
}

test('a few begin at a time, and each client in turn', async (t) => {
  const stranger = Array.from({ length: 10 }, () => '127.0.0.66');
  const sockets = await accepted(t, [...stranger, '127.0.0.2', '127.0.0.3']);
  const queue = new HandshakeQueue();
  const begun: (string | undefined)[] = [];
  for (const socket of sockets) queue.add(socket, () => begun.push(socket.remoteAddress));
  assert.deepEqual(begun, []);
  await turn();
  assert.deepEqual(begun, ['127.0.0.66', '127.0.0.2', '127.0.0.3', '127.0.0.66']);
  for (let turns = 0; turns < 5; turns += 1) await turn();
  assert.equal(begun.length, sockets.length);
});

test('who has gone in the meantime begins nothing', async (t) => {
  const [gone, there] = await accepted(t, ['127.0.0.66', '127.0.0.66']);
  assert.ok(gone && there);
  const queue = new HandshakeQueue();
  const begun: string[] = [];
  queue.add(gone, () => begun.push('gone'));
  queue.add(there, () => begun.push('there'));
  gone.destroy();
  await turn();
  assert.deepEqual(begun, ['there']);
});
