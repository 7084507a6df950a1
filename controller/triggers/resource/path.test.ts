import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalPath, pathProblem, select } from './path.ts';

const DOCUMENT = {
  status: {
    primary: 'db-0',
    empty: '',
    nothing: null,
    count: 3,
    members: [
      { name: 'db-0', role: 'replica' },
      { name: 'db-1', role: 'primary' },
    ],
  },
};

test('the forms that kubectl knows mean the same', () => {
  for (const text of ['.status.primary', '{.status.primary}', '$.status.primary', ' { $.status.primary } ']) {
    assert.equal(canonicalPath(text), '$.status.primary', text);
  }
  assert.equal(canonicalPath("['status']"), "$['status']");
});

test('what is no path is refused', () => {
  for (const text of ['', 'status.primary', '$.status[', '{.status', '$.status.primary | @base64', '$..']) {
    assert.ok(pathProblem(canonicalPath(text)) !== undefined, text);
  }
});

const cases: [path: string, selected: unknown][] = [
  ['$.status.primary', { kind: 'one', value: 'db-0' }],
  ["$.status.members[?@.role=='primary'].name", { kind: 'one', value: 'db-1' }],
  ['$.status.members[*].name', { kind: 'several', values: ['db-0', 'db-1'] }],
  ["$.status['primary','primary']", { kind: 'one', value: 'db-0' }],
  ['$.status.missing', { kind: 'none' }],
  ['$.status.empty', { kind: 'none' }],
  ['$.status.nothing', { kind: 'none' }],
  ['$.status.count', { kind: 'no text', found: '3' }],
  ['$.status.members[0]', { kind: 'no text', found: '{"name":"db-0","role":"replica"}' }],
];
for (const [path, selected] of cases) {
  test(`${path} selects ${JSON.stringify(selected)}`, () => {
    assert.equal(pathProblem(path), undefined);
    assert.deepEqual(select(DOCUMENT, path), selected);
  });
}

test('no document makes it throw', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(...cases.map(([path]) => path)), (document, path) => {
      assert.ok(['one', 'none', 'several', 'no text'].includes(select(document, path).kind));
    }),
  );
});

test('of an object with thousands of others in each other little is said, and nothing thrown', () => {
  let deep: object = { x: 'found' };
  for (let depth = 0; depth < 9_000; depth += 1) deep = { y: deep };
  assert.deepEqual(select(deep, '$.y'), { kind: 'no text', found: 'an object with too much in each other' });
});
