import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Secret } from '../../../settings/secret.ts';
import { CLASSES, decodeMessage, encodeMessage, type Message, TYPES } from './message.ts';
import { number, signedAnswer, type Variation } from './testing/signed-answer.ts';
import { sign, type TsigKey, verify } from './tsig.ts';

const NOW = 1_700_000_000_000;
const KEY: TsigKey = {
  name: 'site-follower',
  algorithm: 'hmac-sha256',
  secret: new Secret(Buffer.alloc(32, 7).toString('base64')),
};
const QUERY: Message = {
  id: 4711,
  opcode: 0,
  isResponse: false,
  isAuthoritative: false,
  rcode: 0,
  questions: [{ name: 'example.com', type: TYPES.SOA, class: CLASSES.IN }],
  answers: [],
  authorities: [],
  additionals: [],
};
const REPLY: Message = { ...QUERY, isResponse: true, isAuthoritative: true };

function answer(requestMac: Buffer, variation: Variation = {}): Buffer {
  return signedAnswer(REPLY, requestMac, { key: KEY, time: NOW / 1000, ...variation });
}

describe('a signed request', () => {
  for (const [algorithm, length] of [
    ['hmac-sha256', 32],
    ['hmac-sha384', 48],
    ['hmac-sha512', 64],
  ] as const) {
    test(`carries one TSIG record at its end: ${algorithm}`, () => {
      const { bytes, mac } = sign(QUERY, { ...KEY, algorithm }, NOW);
      assert.equal(mac.length, length);
      const { additionals, questions } = decodeMessage(bytes);
      assert.deepEqual(questions, QUERY.questions);
      assert.equal(additionals.length, 1);
      assert.equal(additionals[0]?.type, TYPES.TSIG);
      assert.ok(additionals[0]?.data.includes(mac));
    });
  }
});

describe('an answer is', () => {
  const { mac } = sign(QUERY, KEY, NOW);
  const judged = (variation?: Variation, now = NOW) => verify(answer(mac, variation), mac, KEY, now);

  test('good when it is signed for this request', () => {
    const checked = judged();
    assert.equal(checked.kind, 'good');
    assert.ok(checked.kind === 'good');
    assert.deepEqual(checked.message, REPLY);
  });

  const other = { ...KEY, secret: new Secret(Buffer.alloc(32, 8).toString('base64')) };
  const forged: [string, Variation, RegExp][] = [
    ['another secret', { key: other }, /signature is wrong/],
    ['another key', { key: { ...KEY, name: 'other' } }, /signed with the key other/],
    ['another algorithm', { key: { ...KEY, algorithm: 'hmac-sha512' } }, /hmac-sha512/],
    ['another request', { requestMac: Buffer.alloc(32, 1) }, /signature is wrong/],
    ['half a signature', { mac: Buffer.alloc(16) }, /signature is wrong/],
    ['another time', { time: NOW / 1000 - 301 }, /another time/],
  ];
  for (const [what, variation, why] of forged) {
    test(`forged: ${what}`, () => {
      const checked = judged(variation);
      assert.ok(checked.kind === 'forged', checked.kind);
      assert.match(checked.why, why);
    });
  }

  test('forged when one bit of it is another one', () => {
    const bytes = answer(mac);
    bytes.writeUInt8(bytes.readUInt8(3) ^ 1, 3);
    assert.equal(verify(bytes, mac, KEY, NOW).kind, 'forged');
  });

  test('about the clocks when the server says so', () => {
    const checked = judged({ error: 18, other: number(NOW / 1000 + 900, 6) });
    assert.deepEqual(checked, { kind: 'bad-time', serverTime: NOW / 1000 + 900 });
  });

  test('unsigned without a signature, with the error if there is one', () => {
    assert.deepEqual(verify(encodeMessage(REPLY), mac, KEY, NOW), {
      kind: 'unsigned',
      message: REPLY,
      error: undefined,
    });
    for (const [error, text] of [
      [16, 'BADSIG'],
      [17, 'BADKEY'],
      [22, 'BADTRUNC'],
    ] as const) {
      const checked = judged({ error, mac: Buffer.alloc(0) });
      assert.ok(checked.kind === 'unsigned' && checked.error === text);
    }
  });
});
