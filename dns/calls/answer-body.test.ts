import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { boundedBody, ZONE_LIMITS } from './answer-body.ts';

const PIECE = 64 * 1024;

/** As it comes from a socket; the bytes that were taken of it. */
async function take(text: string): Promise<number> {
  const bytes = Buffer.from(text);
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
  }
  let taken = 0;
  for await (const piece of boundedBody(pieces(), ZONE_LIMITS)) taken += piece.length;
  return taken;
}

describe('the answer of a DNS provider', () => {
  for (const [what, item] of [
    ['empty objects', '{},'],
    ['empty lists', '[],'],
    ['empty elements', '<a/>'],
    ['objects of a kind of their own each', '{"a":1},'],
    ['numbers', '1,'],
  ] as const) {
    test(`is not read on where it is millions of ${what}`, async () => {
      const text = item.repeat(Math.floor(ZONE_LIMITS.bytes / item.length));
      await assert.rejects(take(text), /more lists, objects and values than a zone has/);
    });
  }

  test('has an end', async () => {
    await assert.rejects(take(' '.repeat(ZONE_LIMITS.bytes + 1)), /more than 16777216 bytes/);
  });

  test('may be a zone of forty thousand records', async () => {
    const record = (index: number) => ({
      dnsName: `host-${index}.example.com`,
      recordType: 'A',
      targets: ['192.0.2.1'],
      recordTTL: 300,
      labels: { owner: 'default' },
      providerSpecific: [{ name: 'x', value: 'y' }],
    });
    const text = JSON.stringify(Array.from({ length: 40_000 }, (_, index) => record(index)));
    assert.equal(await take(text), Buffer.byteLength(text));
  });
});
