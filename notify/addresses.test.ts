import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isForbidden, publicLookup } from './addresses.ts';

test('link-local, metadata and multicast addresses are forbidden in every spelling', () => {
  for (const address of [
    '169.254.169.254',
    '169.254.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '100.100.100.200',
    '168.63.129.16',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    'fd00:ec2::254',
    '::',
    'ff02::1',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '::169.254.169.254',
    '64:ff9b::169.254.169.254',
    '64:ff9b:1::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    '::ffff:0:a9fe:a9fe',
    '::ffff:0:100.100.100.200',
    'not an address',
    '',
  ]) {
    assert.equal(isForbidden(address), true, address);
  }
});

test('other addresses are not, private ones included: receivers in the cluster have those', () => {
  for (const address of [
    '192.0.2.1',
    '10.0.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '127.0.0.1',
    '::1',
    'fd00::1',
    '2001:db8::1',
  ]) {
    assert.equal(isForbidden(address), false, address);
  }
});

const look = (addresses: readonly string[], all: boolean) =>
  new Promise<unknown>((resolve) => {
    const lookup = publicLookup((_host, _options, done) =>
      done(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      ),
    );
    lookup('target.example', { all }, (error, found, family) => resolve(error ?? [found, family]));
  });

test('a look-up gives what was found, in the form that was asked for', async () => {
  assert.deepEqual(await look(['192.0.2.1', '2001:db8::1'], false), ['192.0.2.1', 4]);
  assert.deepEqual(await look(['192.0.2.1'], true), [[{ address: '192.0.2.1', family: 4 }], undefined]);
});

test('one forbidden address among others, or none at all, fails the look-up', async () => {
  for (const addresses of [['192.0.2.1', '169.254.169.254'], ['fe80::1'], []]) {
    for (const all of [true, false]) {
      const error = await look(addresses, all);
      assert.ok(error instanceof Error && error.name === 'ForbiddenAddressError', addresses.join());
    }
  }
});
