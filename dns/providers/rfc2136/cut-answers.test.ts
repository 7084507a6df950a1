/** Answers of a name server that do not come whole. */
import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { Secret } from '../../../settings/secret.ts';
import { HURRIED } from '../../../test/support/dns/harness.ts';
import { serveOnLoopback } from '../../../test/support/loopback.ts';
import { DnsServer } from './api.ts';
import { CLASSES, decodeMessage, type Question, TYPES } from './message.ts';
import { decodeName } from './names.ts';
import { signedAnswer } from './testing/signed-answer.ts';
import type { TsigKey } from './tsig.ts';

const KEY: TsigKey = {
  name: 'site-follower',
  algorithm: 'hmac-sha256',
  secret: new Secret(Buffer.alloc(32, 7).toString('base64')),
};
const ADDRESS = Buffer.from([192, 0, 2, 1]);
const { signal: abort } = new AbortController();
const guard = { abort, assertMayWrite: () => undefined };
const NOT_CUT = Number.POSITIVE_INFINITY;
const CUT_OFF = 0x02;

const questions = (...hosts: string[]): readonly Question[] =>
  hosts.map((host) => ({ name: `${host}.example.com`, type: TYPES.A, class: CLASSES.IN }));

/** The signed answer to a signed request, with its length before it. */
function framed(request: Buffer, flags = 0): Buffer {
  const { additionals, ...asked } = decodeMessage(request);
  const tsig = additionals.at(-1)?.data ?? Buffer.alloc(0);
  const { next } = decodeName(tsig, 0);
  const mac = tsig.subarray(next + 10, next + 10 + tsig.readUInt16BE(next + 8));
  const answers =
    asked.opcode === 0 ? asked.questions.map((each) => ({ ...each, ttl: 60, data: ADDRESS })) : [];
  const reply = {
    ...asked,
    isResponse: true,
    isAuthoritative: true,
    answers,
    authorities: [],
    additionals: [],
  };
  const bytes = signedAnswer(reply, mac, { key: KEY, time: Math.floor(Date.now() / 1000) });
  bytes[2] = (bytes[2] ?? 0) | flags;
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

/** A name server. `send` gets each answer with its number, from 0 on, on all connections. */
async function serving(
  t: TestContext,
  send: (socket: Socket, bytes: Buffer, index: number) => void,
  flags = 0,
) {
  const seen = { connections: 0, requests: 0, signatures: 0 };
  const server = createServer((socket) => {
    seen.connections += 1;
    let held = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      held = Buffer.concat([held, chunk]);
      while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
        const request = held.subarray(2, 2 + held.readUInt16BE(0));
        held = held.subarray(2 + request.length);
        const index = seen.requests;
        seen.requests += 1;
        const { additionals } = decodeMessage(request);
        seen.signatures += additionals.filter(({ type }) => type === TYPES.TSIG).length;
        if (!socket.writableEnded) send(socket, framed(request, flags), index);
      }
    });
  });
  const port = await serveOnLoopback(t, server);
  return { seen, client: new DnsServer({ host: '127.0.0.1', port }, KEY, HURRIED) };
}

/** Ends the connection after `bytes` of the answer. */
const cutAt = (bytes: number) => (socket: Socket, answer: Buffer) => {
  if (bytes >= answer.length) socket.write(answer);
  else socket.end(answer.subarray(0, bytes));
};

for (const bytes of [0, 1, 2, 40]) {
  describe(`a connection that ends after ${bytes} bytes of an answer`, () => {
    test('is made anew, and what was not answered asked again', async (t) => {
      const { client, seen } = await serving(t, (socket, answer, index) =>
        cutAt(index === 1 ? bytes : NOT_CUT)(socket, answer),
      );
      const asked = questions('one', 'two', 'three');
      const answered = await client.query(asked, abort);
      assert.deepEqual(
        answered.map(({ question, answer }) => [question.name, answer.answers[0]?.data.equals(ADDRESS)]),
        asked.map(({ name }) => [name, true]),
      );
      assert.ok(seen.connections > 1);
      // A second one beside it would be a format error (kubernetes-sigs/external-dns#6733).
      assert.equal(seen.signatures, seen.requests);
    });

    test('again and again: nothing is believed, and it is told', async (t) => {
      const { client } = await serving(t, cutAt(bytes));
      const why =
        bytes === 0 ? /without an answer/ : new RegExp(`in the middle of an answer, after ${bytes} of`);
      await assert.rejects(client.query(questions('one', 'two'), abort), {
        kind: 'retry',
        code: 'network',
        message: why,
      });
    });

    test('to an update: that is not sent twice', async (t) => {
      const { client, seen } = await serving(t, cutAt(bytes));
      const update = { prerequisites: [], updates: [] };
      await assert.rejects(client.update('example.com', [update], guard), { kind: 'retry', code: 'network' });
      assert.equal(seen.requests, 1);
    });
  });
}

test('a length beyond what follows is waited for until the time limit, and nothing is believed', async (t) => {
  const { client } = await serving(t, (socket, answer) => socket.write(answer.subarray(0, 60)));
  await assert.rejects(client.query(questions('one'), abort), { kind: 'retry', code: 'timeout' });
});

test('a length below what follows is no answer', async (t) => {
  const { client } = await serving(t, (socket, answer) => {
    answer.writeUInt16BE(answer.length - 42);
    socket.write(answer);
  });
  await assert.rejects(client.query(questions('one'), abort), { kind: 'retry', code: 'bad-answer' });
});

test('nor is a message that says it is cut off', async (t) => {
  const { client } = await serving(t, cutAt(NOT_CUT), CUT_OFF);
  await assert.rejects(client.query(questions('one'), abort), { kind: 'retry', code: 'bad-answer' });
});

test('a connection that is reset in the middle of an answer is made anew for the other names', async (t) => {
  const { client, seen } = await serving(t, (socket, answer, index) => {
    if (index === 1) socket.write(answer.subarray(0, 40), () => socket.resetAndDestroy());
    else if (index !== 2) socket.write(answer);
  });
  const answered = await client.query(questions('one', 'two', 'three'), abort);
  assert.ok(answered.every(({ answer }) => answer.answers[0]?.data.equals(ADDRESS)));
  assert.ok(seen.connections > 1);
});
