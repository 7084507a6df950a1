import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  CLASSES,
  decodeMessage,
  decodeValue,
  encodeMessage,
  encodeValue,
  type Message,
  type Resource,
  TYPES,
} from './message.ts';
import { decodeName, encodeName } from './names.ts';

const label = fc.stringMatching(/^[a-z0-9_-]{1,63}$/);
const name = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'));

describe('names', () => {
  test('come back as they went', () => {
    fc.assert(
      fc.property(name, fc.nat(30), (text, offset) => {
        const wire = encodeName(text);
        const bytes = Buffer.concat([Buffer.alloc(offset, 0xff), wire, Buffer.alloc(3)]);
        assert.deepEqual(decodeName(bytes, offset), { name: text, next: offset + wire.length });
      }),
    );
  });

  test('are compared in lower case, the root is empty, odd bytes are escaped', () => {
    assert.deepEqual(encodeName('App.Example.COM'), Buffer.from('\x03app\x07example\x03com\0', 'latin1'));
    assert.deepEqual(decodeName(Buffer.from([0]), 0), { name: '', next: 1 });
    const odd = Buffer.from([4, 0x61, 0x2e, 0x20, 0xe9, 0]);
    assert.equal(decodeName(odd, 0).name, 'a\\046\\032\\233');
    assert.deepEqual(encodeName('a\\046\\032\\233'), odd);
    assert.deepEqual(encodeName('*.example.com').subarray(0, 2), Buffer.from([1, 0x2a]));
  });

  test('may point backwards, and never in a circle', () => {
    const message = Buffer.from('\x07example\x03com\0\x03app\xc0\0', 'latin1');
    assert.deepEqual(decodeName(message, 13), { name: 'app.example.com', next: 19 });
    assert.throws(() => decodeName(Buffer.from([0xc0, 0]), 0), RangeError);
  });

  test('that are too long are refused', () => {
    assert.throws(() => encodeName('a'.repeat(64)), RangeError);
    assert.throws(() => encodeName(Array(5).fill('a'.repeat(63)).join('.')), RangeError);
    assert.throws(() => encodeName('a..b'), RangeError);
    assert.throws(() => decodeName(Buffer.from([5, 0x61]), 0), RangeError);
  });
});

describe('messages', () => {
  const update: Message = {
    id: 0x1234,
    opcode: 5,
    isResponse: false,
    isAuthoritative: false,
    rcode: 0,
    questions: [{ name: 'example.com', type: TYPES.SOA, class: CLASSES.IN }],
    answers: [{ name: 'a.example.com', type: TYPES.A, class: CLASSES.NONE, ttl: 0, data: Buffer.alloc(0) }],
    authorities: [
      { name: 'a.example.com', type: TYPES.A, class: CLASSES.ANY, ttl: 0, data: Buffer.alloc(0) },
      {
        name: 'a.example.com',
        type: TYPES.A,
        class: CLASSES.IN,
        ttl: 60,
        data: encodeValue('A', '192.0.2.1'),
      },
    ],
    additionals: [],
  };

  test('an update, byte for byte as RFC 2136 has it', () => {
    const domain = '07 65 78 61 6d 70 6c 65 03 63 6f 6d 00';
    const host = `01 61 ${domain}`;
    const expected = [
      '12 34 28 00 00 01 00 01 00 02 00 00',
      `${domain} 00 06 00 01`,
      `${host} 00 01 00 fe 00 00 00 00 00 00`,
      `${host} 00 01 00 ff 00 00 00 00 00 00`,
      `${host} 00 01 00 01 00 00 00 3c 00 04 c0 00 02 01`,
    ].join('');
    assert.equal(encodeMessage(update).toString('hex'), expected.replaceAll(' ', ''));
  });

  test('come back as they went', () => {
    const { lastRecordAt, ...back } = decodeMessage(encodeMessage(update));
    assert.deepEqual(back, update);
    assert.equal(lastRecordAt, encodeMessage(update).length - 29);
  });

  test('a compressed CNAME is written out', () => {
    const bytes = Buffer.from(
      '\x00\x01\x84\x00\x00\x01\x00\x01\x00\x00\x00\x00\x03www\x07example\x03com\0\x00\x05\x00\x01' +
        '\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x06\x03app\xc0\x10',
      'latin1',
    );
    const [answer] = decodeMessage(bytes).answers as [Resource];
    assert.equal(answer.name, 'www.example.com');
    assert.equal(decodeValue('CNAME', answer.data), 'app.example.com');
  });

  test('whatever comes: a message or a RangeError', () => {
    const whole = encodeMessage(update);
    const damaged = fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255), end: fc.nat(whole.length) });
    fc.assert(
      fc.property(damaged, ({ at, byte, end }) => {
        const bytes = Buffer.from(whole.subarray(0, end));
        if (at < end) bytes[at] = byte;
        assertReadable(bytes);
      }),
      { numRuns: 2_000 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => assertReadable(Buffer.from(bytes))));
  });
});

function assertReadable(bytes: Buffer): void {
  try {
    decodeMessage(bytes);
  } catch (error) {
    assert.ok(error instanceof RangeError, String(error));
  }
}

test('values come back in their canonical form', () => {
  for (const [type, value, canonical] of [
    ['A', '192.0.2.1', '192.0.2.1'],
    ['AAAA', '2001:DB8:0:0::1', '2001:db8::1'],
    ['AAAA', '::', '::'],
    ['AAAA', '::ffff:192.0.2.1', '::ffff:c000:201'],
    ['AAAA', '1::', '1::'],
    ['CNAME', 'App.Example.com', 'app.example.com'],
  ] as const) {
    assert.equal(decodeValue(type, encodeValue(type, value)), canonical);
  }
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      const back = decodeValue('AAAA', encodeValue('AAAA', address));
      assert.equal(decodeValue('AAAA', encodeValue('AAAA', back)), back);
    }),
  );
  assert.throws(() => decodeValue('A', Buffer.alloc(5)), RangeError);
});
