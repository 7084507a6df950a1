import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { systemClock } from '../runtime/clock.ts';
import { serveOnLoopback } from '../test/support/loopback.ts';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { afterClientHello } from './client-hello.ts';

/** Both ends of a connection. */
async function connected(t: TestContext, dial: (port: number) => Socket) {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
  const port = await serveOnLoopback(t, server);
  const client = dial(port);
  client.on('error', () => undefined); // A reset is a way to be cut off.
  t.after(() => client.destroy());
  const [socket] = (await once(server, 'connection')) as [Socket];
  t.after(() => socket.destroy());
  return { client, socket };
}

const plain = (port: number) => connect({ port, host: '127.0.0.1', noDelay: true });

/** As a TLS client of today says it. */
async function realHello(t: TestContext): Promise<Buffer> {
  const { socket } = await connected(t, (port) => connectTls({ port, host: '127.0.0.1' }));
  const came = Promise.withResolvers<void>();
  afterClientHello(socket, systemClock, came.resolve);
  await came.promise;
  return socket.read() as Buffer;
}

/** The same message in records of so many bytes. */
function inRecords(hello: Buffer, size: number): Buffer {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part);
  }
  return Buffer.concat(records);
}

test('waits for all of it, in whatever pieces and records it comes, and loses nothing', async (t) => {
  const hello = await realHello(t);
  assert.ok(hello.length > 200, `${hello.length} bytes`);
  for (const sent of [hello, inRecords(hello, 3), inRecords(hello, 100)]) {
    const { client, socket } = await connected(t, plain);
    const came = Promise.withResolvers<void>();
    let isThere = false;
    afterClientHello(socket, systemClock, () => {
      isThere = true;
      came.resolve();
    });
    client.write(sent.subarray(0, 1));
    for (const [from, to] of [
      [1, 4],
      [4, 11],
      [11, sent.length - 1],
    ] as const) {
      await once(socket, 'data');
      assert.equal(isThere, false);
      client.write(sent.subarray(from, to));
    }
    await once(socket, 'data');
    assert.equal(isThere, false);
    client.write(sent.subarray(-1));
    await came.promise;
    assert.deepEqual(socket.read(), sent);
  }
});

test('what is no such message is left to who takes the socket', async (t) => {
  for (const text of ['GET / HTTP/1.1\r\n', '\x16\x03\x01\x00\x05\x02', '\x15\x03\x01']) {
    const { client, socket } = await connected(t, plain);
    const came = Promise.withResolvers<void>();
    afterClientHello(socket, systemClock, came.resolve);
    client.write(text, 'latin1');
    await came.promise;
    assert.equal((socket.read() as Buffer).toString('latin1'), text);
  }
});

test('who says nothing, ends early or says no end of it is cut off', async (t) => {
  const wordy = `\x16\x03\x01\x40\x00\x01\xff\xff\xff${'x'.repeat(16_380)}`;
  const ways: readonly ((client: Socket) => void)[] = [
    (client) => client.end(),
    (client) => client.end('\x16\x03\x01', 'latin1'),
    (client) => client.write(wordy.repeat(2), 'latin1'),
  ];
  for (const way of ways) {
    const { client, socket } = await connected(t, plain);
    afterClientHello(socket, systemClock, () => assert.fail('there is none'));
    const closed = once(socket, 'close');
    way(client);
    await closed;
  }
  const { socket } = await connected(t, plain);
  const clock = new VirtualClock();
  afterClientHello(socket, clock, () => assert.fail('there is none'));
  const closed = once(socket, 'close');
  await clock.advance(5_000);
  await closed;
  assert.equal(clock.pending, 0);
});
