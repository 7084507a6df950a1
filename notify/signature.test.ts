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

test('the example that the libraries of Standard Webhooks are tested with has the signature that is given there', () => {
  const key = keyOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
  assert.ok(key);
  assert.deepEqual(
    signatureHeaders([key], 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330, '{"test": 2432232314}'),
    {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
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
