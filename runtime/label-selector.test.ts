import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLabelSelector } from './label-selector.ts';

const labels = { zone: 'us-east', tier: 'db', 'topology.kubernetes.io/zone': 'eu' };

for (const [selector, expected] of [
  ['zone=us-east', true],
  ['zone==us-east,tier=db', true],
  ['zone=us-east,tier=web', false],
  ['zone!=us-east', false],
  ['rack!=a', true],
  ['zone in (eu-west, us-east)', true],
  ['zone in (eu-west),tier', false],
  ['zone notin (eu-west)', true],
  ['rack notin (a)', true],
  ['rack in (a)', false],
  ['topology.kubernetes.io/zone=eu', true],
  ['tier', true],
  ['!tier', false],
  ['!rack', true],
  ['zone=', false],
] as const) {
  test(`"${selector}" ${expected ? 'matches' : 'does not match'}`, () => {
    assert.equal(parseLabelSelector(selector).matches(labels), expected);
  });
}

test('an object without labels matches only what asks for absence', () => {
  assert.equal(parseLabelSelector('zone').matches(undefined), false);
  assert.equal(parseLabelSelector('!zone').matches(undefined), true);
});

for (const wrong of ['', 'a b', 'zone=a b', '=x', 'zone in us-east', 'zone in (a', 'a,,b', '-a', 'x/y/z=1']) {
  test(`"${wrong}" is refused`, () => {
    assert.throws(() => parseLabelSelector(wrong), SyntaxError);
  });
}
