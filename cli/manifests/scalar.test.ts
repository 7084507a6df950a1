import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readPlain, readPlainKey, readTagged } from './scalar.ts';

/** Each was tried with kubectl 1.34; test/integration/manifests.test.ts asks it for thousands more. */
describe('a plain scalar is read as kubectl reads it', () => {
  for (const [text, value] of [
    ['.', '.'],
    ['+.', '+.'],
    ['-', '-'],
    ['0x_', '0x_'],
    ['1e400', '1e400'],
    ['-.5e400', '-.5e400'],
    ['1e-400', 0],
    ['0o400', 256],
    ['0400', 256],
    ['08', 8],
    ['-0o17', -15],
    ['0b-1', -1],
    ['0B11', 3],
    ['0x1F', 31],
    ['0x1_f', 31],
    ['0x1ffffffffffffffff', '0x1ffffffffffffffff'],
    ['1_000', 1000],
    ['_1', '_1'],
    ['.5_0', 0.5],
    ['.5__0', '.5__0'],
    ['1.', 1],
    ['.5', 0.5],
    ['1e3', 1000],
    ['0x1p3', '0x1p3'],
    ['12:30', '12:30'],
    ['2026-01-01', '2026-01-01'],
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
    ['y', true],
    ['Off', false],
    ['oN', 'oN'],
    ['~', null],
    ['', null],
    ['nUll', 'nUll'],
    ['.inf', Number.POSITIVE_INFINITY],
    ['-.Inf', Number.NEGATIVE_INFINITY],
    ['.NaN', Number.NaN],
    ['9007199254740992', 9007199254740992n],
    ['-9223372036854775808', -(2n ** 63n)],
    ['18446744073709551615', 2n ** 64n - 1n],
    ['18446744073709551616', 2 ** 64],
    ['+9223372036854775808', 2 ** 63],
    ['<<', '<<'],
    ['1.2.3', '1.2.3'],
  ] as const) {
    test(JSON.stringify(text), () => assert.deepEqual(readPlain(text), value));
  }
});

describe('a plain key', () => {
  for (const [text, name] of [
    ['yes', 'true'],
    ['0x10', '16'],
    ['1.10', '1.1'],
    ['1e6', '1e+06'],
    ['1e5', '100000'],
    ['0.00001', '1e-05'],
    ['16777217.5', '1.6777218e+07'],
    ['~', undefined],
  ] as const) {
    test(`${text} is named ${name}`, () => assert.equal(readPlainKey(text), name));
  }
});

describe('a tag', () => {
  const tag = (name: string) => `tag:yaml.org,2002:${name}`;

  test('says of what type a value is', () => {
    assert.equal(readTagged(tag('str'), '1'), '1');
    assert.equal(readTagged(tag('int'), '0x10'), 16);
    assert.equal(readTagged(tag('float'), '1'), 1);
    assert.equal(readTagged(tag('bool'), 'yes'), true);
    assert.equal(readTagged(tag('binary'), 'aGk='), 'hi');
    assert.equal(readTagged('!other', '1'), '1');
  });

  test('is refused where the value is of another type', () => {
    assert.throws(() => readTagged(tag('int'), 'x'), /"x" is no !!int/);
    assert.throws(() => readTagged(tag('bool'), '1'), /"1" is no !!bool/);
  });
});
