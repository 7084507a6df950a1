import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeFilter, serves } from './domain-filter.ts';

const served = (filter: Parameters<typeof serves>[0], ...names: string[]) =>
  names.filter((name) => serves(filter, name));
const NAMES = ['example.com', 'app.example.com', 'myexample.com', 'app.example.org'] as const;

test('a domain is itself and what is below it; one with a dot before it only what is below', () => {
  assert.deepEqual(served({ include: ['Example.com.'] }, ...NAMES), ['example.com', 'app.example.com']);
  assert.deepEqual(served({ include: ['.example.com'] }, ...NAMES), ['app.example.com']);
});

test('no filter takes everything; what is excluded is not served', () => {
  assert.deepEqual(served({}, ...NAMES), NAMES);
  assert.deepEqual(served({ include: null, exclude: [] }, ...NAMES), NAMES);
  assert.deepEqual(served({ include: ['example.com'], exclude: ['app.example.com'] }, ...NAMES), [
    'example.com',
  ]);
});

test('regular expressions are those of Go and go before domains; one that nobody understands is no reason to refuse', () => {
  const include = ['example.org'];
  assert.deepEqual(served({ include, regexInclude: '^app\\.' }, ...NAMES), [
    'app.example.com',
    'app.example.org',
  ]);
  assert.deepEqual(served({ regexExclude: 'org$' }, ...NAMES), NAMES.slice(0, 3));
  assert.deepEqual(served({ regexInclude: '(?P<host>^my)' }, ...NAMES), ['myexample.com']);
  assert.deepEqual(served({ regexInclude: '(?P<x' }, ...NAMES), NAMES);
  assert.deepEqual(served({ regexInclude: 'x'.repeat(100_000) }, ...NAMES), NAMES);
});

test('no pattern takes longer than the name is long', () => {
  const name = `${'a'.repeat(60)}.example.com`;
  const began = performance.now();
  for (const pattern of ['^(a+)+$', '^(a|a)*$', '^(a|aa)+$', '(.*a){25}$', '(x+x+)+y', '(a*)*b']) {
    serves({ regexInclude: pattern }, name);
  }
  const ms = performance.now() - began;
  // JavaScript's own engine would take years for some of them.
  assert.ok(ms < 1_000, `${ms} ms`);
});

test('is described in one line', () => {
  assert.equal(describeFilter({ include: ['a.com'], exclude: ['b.a.com'] }), 'a.com, not b.a.com');
  assert.equal(describeFilter({ regexInclude: 'x', regexExclude: 'y' }), '/x/, not /y/');
});

test('is described in one line of bounded length, however much a provider says that it serves', () => {
  const include = Array.from({ length: 10_000 }, (_, index) => `zone-${index}.example`);
  const text = describeFilter({ include });
  assert.match(text, /^zone-0\.example, .*, 9990 more$/);
  assert.ok(text.length < 1_024);
  assert.ok(describeFilter({ include: ['x'.repeat(1_000_000)] }).length < 1_024);
  assert.ok(describeFilter({ regexInclude: 'x'.repeat(1_000_000) }).length < 1_024);
});
