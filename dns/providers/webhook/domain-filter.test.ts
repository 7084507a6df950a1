import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DOMAIN_FILTER, describeFilter, serves } from './domain-filter.ts';

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

test('a pattern of much that is repeated, and thousands of domains, are looked at once for all names', () => {
  const names = Array.from({ length: 200 }, (_, index) => `${'a'.repeat(200)}.zone-${index}.example.com`);
  const domains = Array.from({ length: 10_000 }, (_, index) => `bücher-${index}.example`);
  for (const filter of [
    { regexInclude: 'a{1000}'.repeat(285) },
    { regexExclude: 'a{99}'.repeat(390) },
    { regexInclude: '(((a{10}){10}){10})'.repeat(8) },
    { include: domains, exclude: domains },
  ]) {
    const began = process.cpuUsage();
    served(filter, ...names);
    const { user, system } = process.cpuUsage(began);
    const ms = (user + system) / 1_000;
    assert.ok(ms < 2_000, `${JSON.stringify(filter).slice(0, 60)} took ${ms} ms`);
  }
  assert.deepEqual(served({ regexInclude: '^a{3}\\.[a-z]{1,63}$' }, 'aaa.com', 'aa.com'), ['aaa.com']);
});

test('an answer with more domains than a provider serves is refused', () => {
  const domains = Array.from({ length: 15_000 }, () => 'example.com');
  for (let count = 2; count > 0; count -= 1) assert.ok(DOMAIN_FILTER.safeParse({ include: domains }).success);
  const { error } = DOMAIN_FILTER.safeParse({ include: domains, exclude: domains });
  assert.match(error?.issues[0]?.message ?? '', /may have 20000 entries/);
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
