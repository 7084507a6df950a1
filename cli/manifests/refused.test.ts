import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Documents } from './documents.ts';

const FIRST = 'apiVersion: v1\nkind: ConfigMap\n---\n';

describe('what nobody can have meant is refused with its place:', () => {
  for (const [name, text] of [
    ['lists in one line', `${FIRST}a: ${'['.repeat(2_000)}${']'.repeat(2_000)}\n`],
    ['lists that are not closed', `${FIRST}a: ${'['.repeat(2_000)}\n`],
    ['a list of lists', `${FIRST}${'- '.repeat(3_000)}a\n`],
    [
      'maps in lines',
      FIRST + Array.from({ length: 1_500 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join(''),
    ],
    ['JSON', `{"kind":"X","a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
    ['what the library would still read', `${FIRST}a: ${'['.repeat(600)}${']'.repeat(600)}\n`],
  ] as const) {
    test(`${name}, too many within each other`, () => {
      const expected =
        /^Error: this is no manifest: more than 500 lists and maps stand within each other; .*never closed.* line \d+/;
      assert.throws(() => new Documents(text), expected);
    });
  }

  for (const [name, text] of [
    ['in the first line', '{\n  // web\n  "kind": "Pod"\n}\n'],
    ['behind a value', '{\n  "kind": "Pod", // web\n  "a": 1\n}\n'],
    ['that underlines', `{\n${'/'.repeat(80)}\n${'/* */'.repeat(20)}\n  "kind": "Pod"\n}\n`],
    ['within', '{"kind": "Pod", "a": { /* one */ "b": "http://x"}}'],
    ['in a later document', '{"a": 1}\n---\n{"b": 2, // two\n "c": 3}\n'],
  ] as const) {
    test(`a comment in JSON, ${name}`, () => {
      assert.throws(
        () => new Documents(text),
        /this is no JSON: it has a comment, which kubectl .* at line \d+/,
      );
    });
  }
});

test('what only looks like a comment in JSON is read', () => {
  for (const text of [
    '{"a": "x // y", "b": "http://x/*y*/"}',
    '{"a": http://x, "b": [c//d]}\n',
    '{a: // b, "c": 1}\n',
  ]) {
    assert.equal(new Documents(text).length, 1);
  }
});

test('as many lists and maps within each other as anybody has are read', () => {
  const text = `a: ${'['.repeat(400)}${']'.repeat(400)}\n`;
  assert.equal(new Documents(text).toString('yaml'), text);
});
