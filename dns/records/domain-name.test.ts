import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalName, unicodeName } from './domain-name.ts';

test('every way to write a name is one', () => {
  for (const written of [
    'bücher.example',
    'BÜCHER.example.',
    ' xn--bcher-kva.Example ',
    'bu\u0308cher.example',
    'bücher。example。',
  ]) {
    assert.equal(canonicalName(written), 'xn--bcher-kva.example', written);
  }
  assert.equal(canonicalName('*.Bücher.example'), '*.xn--bcher-kva.example');
  assert.equal(canonicalName('_dmarc.bücher.example'), '_dmarc.xn--bcher-kva.example');
  assert.equal(canonicalName('例え.テスト'), 'xn--r8jz45g.xn--zckzah');
});

test('what is no name stays as it is', () => {
  assert.equal(canonicalName('bücher.example/x'), 'bücher.example/x');
  assert.equal(canonicalName('192.0.2.1'), '192.0.2.1');
});

test('as people write it', () => {
  assert.equal(unicodeName('xn--mnchen-3ya.de'), 'münchen.de');
  assert.equal(unicodeName('example.com'), 'example.com');
});
