import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { Long, ObjectId, serialize } from 'bson';
import { serveOnLoopback } from '../../../test/support/loopback.ts';
import { connectByDriver } from './driver.ts';

const MB = 1024 * 1024;
const OP_COMPRESSED = 2012;
const OP_MSG = 2013;
const OP_QUERY = 2004;
const OP_REPLY = 1;
/** Flags of messages: that more answers may come, and that more come. */
const [EXHAUST_ALLOWED, MORE_TO_COME] = [1 << 16, 2];
const ZLIB = 2;

const PROCESS = new ObjectId();
const SAYS = { helloOk: true, setName: 'rs0', minWireVersion: 0, maxWireVersion: 25, ok: 1 };

/** Asks somebody who answers whatever comes with `answer`, and gives why nothing came of it and the bytes that were taken. */
async function ask(t: TestContext, answer: (socket: Socket, request: Buffer) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', (request: Buffer) => answer(socket, request));
  });
  const port = await serveOnLoopback(t, server);
  const member = await connectByDriver(`127.0.0.1:${port}`, { version: '' }, () => undefined);
  t.after(() => member.close());
  const problem = await member.hello().then(
    () => 'none',
    (error: unknown) => String(error),
  );
  return { problem, taken: Math.max(...[...sockets].map(({ bytesWritten }) => bytesWritten)) };
}

/** What a member says, each time of another role. */
function answer(request: Buffer, counter: number, flags = 0): Buffer {
  const topologyVersion = { processId: PROCESS, counter: Long.fromNumber(counter) };
  const isWritablePrimary = counter % 2 === 0;
  const document = serialize({ ...SAYS, isWritablePrimary, secondary: !isWritablePrimary, topologyVersion });
  const isFirst = request.readInt32LE(12) === OP_QUERY;
  const before = Buffer.alloc(isFirst ? 20 : 5);
  before.writeInt32LE(isFirst ? 0 : flags, 0);
  if (isFirst) before.writeInt32LE(1, 16);
  const length = 16 + before.length + document.length;
  return Buffer.concat([head(request, length, isFirst ? OP_REPLY : OP_MSG), before, document]);
}

/** In the form of the wire protocol. */
function head(request: Buffer, length: number, opcode: number): Buffer {
  const bytes = Buffer.alloc(16);
  for (const [index, number] of [length, 1, request.readInt32LE(4), opcode].entries())
    bytes.writeInt32LE(number, 4 * index);
  return bytes;
}

describe('of who answers in place of a member', () => {
  test('no message is taken that is longer than an answer can be', async (t) => {
    const { problem, taken } = await ask(t, (socket, request) => {
      socket.write(head(request, 2 ** 31 - 1, OP_MSG));
      const piece = Buffer.alloc(MB);
      const more = () => {
        while (socket.bytesWritten < 64 * MB && !socket.destroyed && socket.write(piece));
      };
      socket.on('drain', more);
      more();
    });
    assert.match(problem, /a message of more than \d+ bytes: it is no MongoDB/);
    assert.ok(taken < 32 * MB, `${taken} bytes`);
  });

  test('no message is unpacked, however much it would be', async (t) => {
    const packed = deflateSync(Buffer.alloc(64 * MB));
    const { problem } = await ask(t, (socket, request) => {
      const inner = Buffer.alloc(9);
      inner.writeInt32LE(OP_MSG, 0);
      inner.writeInt32LE(64 * MB, 4);
      inner.writeUInt8(ZLIB, 8);
      socket.write(Buffer.concat([head(request, 25 + packed.length, OP_COMPRESSED), inner, packed]));
    });
    assert.match(problem, /a compressed message, which nobody has agreed on/);
  });

  test('no more answers are taken than members have to say, however many come', async (t) => {
    let sent = 0;
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (request: Buffer) => {
        const isStreamed =
          request.readInt32LE(12) === OP_MSG && (request.readInt32LE(16) & EXHAUST_ALLOWED) !== 0;
        if (!isStreamed) return void socket.write(answer(request, sent));
        const more = () => {
          while (!socket.destroyed && socket.write(answer(request, ++sent, MORE_TO_COME)));
        };
        socket.on('drain', more);
        more();
      });
      t.after(() => socket.destroy());
    });
    const port = await serveOnLoopback(t, server);
    // 128 kB more than are taken at once, of which 32 kB come in a second.
    const many = Math.ceil((384 * 1024) / answer(Buffer.alloc(16), 0).length);
    let changes = 0;
    let first = 0;
    const taken = Promise.withResolvers<void>();
    const member = await connectByDriver(`127.0.0.1:${port}`, { version: '' }, () => {
      changes += 1;
      if (changes === 1) first = performance.now();
      if (changes === many) taken.resolve();
    });
    t.after(() => member.close());
    const asked = member.hello().catch(() => undefined);
    await taken.promise;
    const ms = performance.now() - first;
    await asked;
    assert.ok(ms > 2_500, `${many} answers were taken in ${Math.round(ms)} ms`);
  });
});
