import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { applyPatch } from '../../test/support/json-patch.ts';
import { podAsking } from '../../test/support/random-pods.ts';
import { injectPod } from '../../webhook/inject/inject.ts';
import type { Operation } from '../../webhook/inject/patch.ts';
import { readPod } from '../../webhook/inject/shape.ts';
import { loadInjectorConfig } from '../../webhook/injector-config.ts';
import { Documents } from './documents.ts';

const ADD: Operation[] = [{ op: 'add', path: '/added', value: { list: [1, 'true'] } }];

function patched(text: string, operations: readonly Operation[] = ADD): string {
  const documents = new Documents(text);
  documents.patch(0, [], operations);
  return documents.toString();
}

test('braces are added to before a comment that underlines', () => {
  const line = '#'.repeat(80);
  const text = `a: {b: 1\n  ${line}\n  }\n`;
  const added = patched(text, [{ op: 'add', path: '/a/added', value: '1' }]);
  assert.ok(added.includes(line) && added.includes('added'), added);
});

describe('what is not changed', () => {
  test('stays to the letter when nothing is changed at all', () => {
    const text = '# top\n\n\na:   {b: [1,2]}   # odd\n---\n---\n- x\n...\n';
    assert.equal(new Documents(text).toString(), text);
  });

  for (const [name, text] of [
    ['comments', '# top\na: 1 # one\n# before b\nb: 2\n'],
    ['quotes', 'a: "x"\nb: \'y\'\nc: z\n'],
    ['numbers', 'a: 0644\nb: 0x1f\nc: 1.10\ne: 12:30\nf: 010\n'],
    ['words that may be booleans', 'a: on\nb: yes\nc: "on"\nd: n\ne: ~\nf: null\ng:\n'],
    ['dates', 'a: 2026-01-01\nb: 2026-01-01T00:00:00Z\n'],
    ['texts of several lines', 'a: |\n  one\n  two\nb: >-\n  three four\n'],
    ['long lines', `a: ${'word '.repeat(60)}end\nb: "${'word '.repeat(60)}end"\n`],
    ['flush lists', 'a:\n- x\n- y:\n  - z\n'],
    ['indented lists', 'a:\n  - x\n  - y:\n      - z\n'],
    ['tight flow', 'a: {b: 1, c: [2, 3]}\n'],
    ['padded flow', 'a: { b: 1, c: [ 2, 3 ] }\n'],
  ] as const) {
    test(`stays as it is: ${name}`, () => {
      const after = patched(text);
      assert.ok(after.startsWith(text), after);
      assert.match(after, /\nadded:|^added:/);
    });
  }

  test('is the last comment', () => {
    assert.equal(patched('a: 1\n\n# end\n', [{ op: 'add', path: '/b', value: 2 }]), 'a: 1\nb: 2\n\n# end\n');
  });

  test('is other documents', () => {
    assert.equal(patched('a: 1\n---\n# second\nb: 2\n').endsWith('---\n# second\nb: 2\n'), true);
  });
});

describe('a separator of lines or paragraphs', () => {
  for (const char of ['\u2028', '\u2029']) {
    test(`ends a line, and is a letter within a text: ${JSON.stringify(char)}`, () => {
      const text = `a: 1 # one${char}b: "x ${char}  y"\nc: |\n  z${char}  z\n`;
      const said = { a: 1, b: `x${char}y`, c: `z${char}z\n` };
      assert.deepEqual(new Documents(text).at(0, []), said);
      assert.deepEqual(JSON.parse(new Documents(text).toString('json')), said);
    });
  }
});

describe('what was there before injection', () => {
  const EMPTY = '[ # none\n  ]';
  const text = `a:\n  list: ${EMPTY}\n`;
  const filled = patched(text, [{ op: 'add', path: '/a/list/-', value: 'ours' }]);
  const others = (list: string) => list.replace('    - ours\n', '    - ours\n    - theirs\n');
  const withdraw: Operation[] = [{ op: 'remove', path: '/a/list/0' }];

  test('comes back to the letter', () => {
    assert.equal(filled, 'a:\n  list: # before injection: " [ # none\\n  ]"\n    - ours\n');
    assert.equal(patched(filled, [{ op: 'remove', path: '/a/list' }]), text);
  });

  test('is told no more where something else is there now, but for its comments', () => {
    assert.equal(patched(others(filled), withdraw), 'a:\n  list: # none\n    - theirs\n');
  });
});

test('a document whose text allows no change is printed again, and known as such', () => {
  const documents = new Documents('a: 1\n---\na: 1 # one\n? b\n');
  documents.patch(1, [], [{ op: 'add', path: '/b', value: [1] }]);
  assert.equal(documents.toString(), 'a: 1\n---\na: 1\nb:\n  - 1\n');
  assert.deepEqual(documents.reprinted, [1]);
});

describe('a change', () => {
  test('is quoted where a reader would take it for something else', () => {
    assert.match(patched('a: 1\n'), /- "true"\n$/);
  });

  test('of JSON is JSON', () => {
    assert.deepEqual(JSON.parse(patched('{"a": {"b": "yes"}}')), {
      a: { b: 'yes' },
      added: { list: [1, 'true'] },
    });
  });

  test('does not show at another place that was the same by an alias', () => {
    const text = 'one: &x\n  a: 1\ntwo: *x # why\nthree:\n- *x\n';
    const after = patched(text, [{ op: 'add', path: '/one/b', value: 2 }]);
    assert.deepEqual(new Documents(after).at(0, []), {
      one: { a: 1, b: 2 },
      two: { a: 1 },
      three: [{ a: 1 }],
    });
    assert.equal(
      after,
      'one: &x\n  a: 1\n  b: 2\ntwo: # before injection: *x # why\n  a: 1\nthree:\n- # before injection: *x\n  a: 1\n',
    );
    assert.equal(patched(after, [{ op: 'remove', path: '/one/b' }]), text);
  });

  test('means the same as a JSON Patch of the same object, whatever the pod', () => {
    const loaded = loadInjectorConfig({});
    assert.ok(loaded.ok);
    const { value: config } = loaded;
    fc.assert(
      fc.property(podAsking, (pod) => {
        const read = readPod(pod);
        assert.ok(read.ok);
        const injection = injectPod(read.value, { namespace: '', namespaceAsks: false }, config);
        assert.equal(injection.kind, 'injected');
        const patch = injection.kind === 'injected' ? injection.patch : [];
        const text = patched(stringify(pod, { version: '1.1' }), patch);
        assert.deepEqual(new Documents(text).at(0, []), applyPatch(pod, patch));
      }),
    );
  });
});

describe('a number that a double would round', () => {
  test('stays as it is', () => {
    for (const text of [
      'a: 9007199254740993\n',
      'a: -0xfffffffffffffff\nb: &x {c: 1}\nd: *x\n',
      '0x10: x\n',
    ]) {
      assert.ok(patched(text).startsWith(text));
    }
    assert.match(patched('{"a": [9223372036854775807]}'), /^{"a": \[9223372036854775807\], "added"/);
  });

  test('is the same number as JSON', () => {
    assert.match(
      new Documents('a: 9007199254740993\nb: 0xffffffffffffffff\n').toString('json'),
      /9007199254740993,\n.*18446744073709551615/,
    );
  });

  test('is refused as JSON where that has no such number', () => {
    assert.throws(() => new Documents('a: .inf\n').toString('json'), /JSON has no way to say .inf/);
    assert.match(patched('a: .inf\n'), /^a: .inf\n/);
  });
});

describe('what is no YAML', () => {
  for (const [name, text] of [
    ['an open bracket', 'a: ['],
    ['a tab', 'a:\n\tb: 1\n'],
  ] as const) {
    test(`is refused with its line: ${name}`, () => {
      assert.throws(() => new Documents(text), /this is no YAML: .*line \d/);
    });
  }

  test('is refused when it has control characters, as kubectl says', () => {
    for (const char of ['\0', '\u0001', '\u007f', '\u0080', '\ufffe']) {
      assert.throws(() => new Documents(`a: 1\nb: "x${char}y"\n`), /control character at line 2, column 6/);
    }
  });

  test('is refused when aliases make it grow without bound', () => {
    const level = (name: string, of: string) =>
      `${name}: &${name} [${Array(10).fill(`*${of}`).join(', ')}]\n`;
    const bomb = `a: &a [x]\n${level('b', 'a')}${level('c', 'b')}${level('d', 'c')}${level('e', 'd')}`;
    assert.throws(() => new Documents(bomb), /[Aa]lias/);
  });
});
