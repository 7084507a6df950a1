import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedTargets } from './shared-targets.ts';

const site = (name: string, targets: object) => ({ name, nodeNames: [name], ...targets });

test('sites with an address or a name of their own have nothing in common', () => {
  const sites = [
    site('a', { ip: '10.0.0.1' }),
    site('b', { ip: '10.0.0.2' }),
    site('c', { cname: 'c.example' }),
  ];
  assert.deepEqual(sharedTargets(sites), []);
});

test('each kind of target that several sites have is told once', () => {
  const sites = [
    site('a', { ip: '10.0.0.1', ipv6: 'fd00::1' }),
    site('b', { ip: '10.0.0.1', ipv6: 'fd00::1' }),
    site('c', { ip: '10.0.0.1', ipv6: 'fd00::3' }),
  ];
  assert.deepEqual(sharedTargets(sites), [
    'sites a and b and c have the ip 10.0.0.1',
    'sites a and b have the ipv6 fd00::1',
  ]);
});
