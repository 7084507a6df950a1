import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endpointObjectName } from './object-name.ts';

/** IsDNS1123Subdomain of the API server. */
const VALID = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LONG = ['a'.repeat(63), 'b'.repeat(63), 'c'.repeat(63), 'd'.repeat(50), 'com'].join('.');
const MOST = 253;

test('a usual zone is in the name of its object', () => {
  assert.equal(endpointObjectName('default', 'example.com'), 'kube-site-follower-example.com');
  assert.equal(endpointObjectName('orders', 'example.com'), 'kube-site-follower-orders-example.com');
  const long = `${'a'.repeat(63)}.com`;
  assert.equal(endpointObjectName('default', long), `kube-site-follower-${long}`);
});

for (const zone of [
  'my_zone.lan',
  '_sip.example.com',
  'a._b.c_.lan',
  '_',
  'x__y',
  LONG,
  `_${LONG.slice(1)}`,
]) {
  test(`one that no object can be named after has a valid name of its own: ${zone.slice(0, 40)}`, () => {
    for (const follower of ['default', 'orders', 'f'.repeat(40)]) {
      const name = endpointObjectName(follower, zone);
      assert.ok(VALID.test(name) && name.length <= MOST, name);
      assert.equal(endpointObjectName(follower, zone), name);
      assert.notEqual(name, endpointObjectName(follower, zone.replace(/[_a]/, 'z')));
    }
  });
}

test('which zone it is can be read in it', () => {
  assert.match(
    endpointObjectName('default', 'my_zone.lan'),
    /^kube-site-follower-my\.zone\.lan-[0-9a-f]{10}$/,
  );
});
