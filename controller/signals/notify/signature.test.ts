import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { keyOf, signatureHeaders } from './signature.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const NOW = () => Math.floor(Date.now() / 1_000);

test('the reference implementation believes every signature of ours, over any body', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 24, maxLength: 64 }), fc.json(), (bytes, body) => {
      const secret = `whsec_${Buffer.from(bytes).toString('base64')}`;
      const key = keyOf(secret);
      assert.ok(key);
      const verified = new Webhook(secret).verify(body, signatureHeaders([key], 'msg_1', NOW(), body));
      assert.deepEqual(verified, JSON.parse(body));
    }),
  );
});

test('during a rotation the holder of either secret believes it, and nobody else does', () => {
  const secrets = [1, 2, 3].map(() => `whsec_${randomBytes(32).toString('base64')}`);
  const [newer = '', older = '', foreign = ''] = secrets;
  const keys = [newer, older].map((secret) => keyOf(secret) ?? assert.fail());
  const headers = signatureHeaders(keys, 'msg_1', NOW(), '{}');
  assert.equal(headers['webhook-signature']?.split(' ').length, 2);
  for (const secret of [newer, older]) new Webhook(secret).verify('{}', headers);
  assert.throws(() => new Webhook(foreign).verify('{}', headers));
  assert.throws(() => new Webhook(newer).verify('{ }', headers));
  assert.throws(() => new Webhook(newer).verify('{}', { ...headers, 'webhook-id': 'msg_2' }));
});

test('a secret is base64 of 24 to 64 bytes, with or without its prefix', () => {
  assert.equal(keyOf(SECRET)?.length, 32);
  assert.equal(keyOf(SECRET.slice(6))?.length, 32);
  for (const wrong of [
    '',
    'whsec_',
    'whsec_c2hvcnQ=',
    'not base64!',
    `whsec_${'A'.repeat(90)}`,
    'hello\nworld',
  ]) {
    assert.equal(keyOf(wrong), undefined, wrong);
  }
});
