import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plan } from '../plan.ts';
import type { RecordSet, TextSet } from '../records.ts';
import { Ownership, ownerIn } from './ownership.ts';

const PLAIN = { id: 'here', prefix: '', suffix: '', wildcard: '', adopt: false };
const set = (type: RecordSet['type'], name = 'app.example.com'): RecordSet => ({
  name,
  type,
  ttl: 60,
  values: ['192.0.2.1'],
});
const text = (name: string, ...values: string[]): TextSet => ({ name, type: 'TXT', ttl: 300, values });
const ours = (name: string) => text(name, 'heritage=external-dns,external-dns/owner=here');

/** As registry/mapper/mapper_test.go of ExternalDNS has them. */
for (const { affixes, type, name, expected } of [
  { affixes: {}, type: 'A', name: 'app.example.com', expected: 'a-app.example.com' },
  { affixes: {}, type: 'CNAME', name: '*.example.com', expected: 'cname-*.example.com' },
  { affixes: { wildcard: 'any' }, type: 'A', name: '*.example.com', expected: 'a-any.example.com' },
  { affixes: { prefix: 'foo' }, type: 'A', name: 'example.com', expected: 'fooa-example.com' },
  {
    affixes: { prefix: '%{record_type}-foo' },
    type: 'AAAA',
    name: 'bar.example.com',
    expected: 'aaaa-foobar.example.com',
  },
  { affixes: { prefix: '%{record_type}.' }, type: 'A', name: 'example.com', expected: 'a.example.com' },
  {
    affixes: { suffix: '-foo' },
    type: 'CNAME',
    name: 'bar.example.com',
    expected: 'cname-bar-foo.example.com',
  },
  {
    affixes: { suffix: '-%{record_type}-foo' },
    type: 'A',
    name: 'bar.example.com',
    expected: 'bar-a-foo.example.com',
  },
] as const) {
  test(`the owner of ${name} ${type} with ${JSON.stringify(affixes)} is written at ${expected}`, () => {
    assert.equal(new Ownership({ ...PLAIN, ...affixes }).nameOf({ name, type }), expected);
  });
}

test('an old owner record is not asked for where its name would be none', () => {
  for (const prefix of ['%{record_type}.', '%{record_type}.own.']) {
    const names = new Ownership({ ...PLAIN, prefix }).namesAbout(
      ['app.example.com', 'example.com'],
      'example.com',
    );
    assert.deepEqual(
      names.filter((name) => name.startsWith('.')),
      [],
    );
    assert.equal(names.length, 6);
  }
});

test('who a text says the owner is', () => {
  const of = (...values: string[]) => ownerIn(text('a-app.example.com', ...values));
  assert.equal(of('heritage=external-dns,external-dns/owner=Me,external-dns/resource=crd/x/y'), 'Me');
  assert.equal(of('v=spf1 -all', 'heritage=external-dns,external-dns/owner=me'), 'me');
  assert.equal(of('"heritage=external-dns,external-dns/owner=me"'), 'me');
  assert.equal(of('heritage=external-dns'), '');
  assert.equal(of('heritage=others,external-dns/owner=me'), undefined);
  assert.equal(of('v=spf1 -all'), undefined);
  const both = ['one', 'two'].map((id) => `heritage=external-dns,external-dns/owner=${id}`);
  assert.deepEqual([of(...both), of(...both.toReversed())], ['one', 'one']);
});

test('what is another owner’s, or nobody’s, is refused; what is ours or free is not', () => {
  const ownership = new Ownership(PLAIN);
  const refusal = (found: readonly RecordSet[], texts: readonly TextSet[], type: RecordSet['type'] = 'A') =>
    ownership
      .refusals(
        [set(type)],
        { sets: found, others: [], texts },
        plan(found, [set(type)], new Set(['A', 'CNAME'])),
        false,
      )
      .get('app.example.com')?.message;
  const other = 'heritage=external-dns,external-dns/owner=other';
  assert.equal(refusal([], []), undefined);
  assert.equal(refusal([set('A')], [ours('a-app.example.com')]), undefined);
  assert.match(refusal([set('A')], []) ?? '', /no TXT record says that it belongs to "here"/);
  assert.match(refusal([set('A')], [text('a-app.example.com', other)]) ?? '', /belongs to "other"/);
  assert.match(refusal([], [text('a-app.example.com', other)]) ?? '', /belongs to "other"/);
  assert.match(refusal([set('A')], [text('app.example.com', other)]) ?? '', /belongs to "other"/);
  assert.equal(refusal([set('A')], [ours('a-app.example.com')], 'CNAME'), undefined);
  // It stays beside ours, whoever has it.
  assert.equal(refusal([set('AAAA')], []), undefined);
  assert.match(refusal([set('A')], [text('a-app.example.com', other)], 'CNAME') ?? '', /belongs to "other"/);
});

test('nothing is asked where no owner can be told, and such a name is refused', () => {
  const ownership = new Ownership(PLAIN);
  const long = `${'l'.repeat(60)}.example.com`;
  assert.deepEqual(ownership.namesAbout([long, 'example.com'], 'example.com'), [
    `a-${long}`,
    long,
    'example.com',
  ]);
  const desired = (type: RecordSet['type']): RecordSet => ({ name: long, type, ttl: 60, values: ['x'] });
  assert.equal(ownership.nameless([desired('A')], 'example.com').size, 0);
  assert.equal(ownership.nameless([desired('AAAA')], 'example.com').get(long)?.code, 'owner-name');
  const deep = `${Array(4).fill('d'.repeat(60)).join('.')}.abc.d`;
  assert.equal(ownership.nameless([{ ...desired('CNAME'), name: deep }], 'd').get(deep)?.kind, 'config');
});

test('adoption takes what is nobody’s, and never what is another owner’s', () => {
  const ownership = new Ownership({ ...PLAIN, adopt: true });
  const refused = (...texts: TextSet[]) =>
    ownership.refusals([set('A')], { sets: [set('A')], others: [], texts }, [], false).size;
  assert.equal(refused(), 0);
  assert.equal(refused(text('a-app.example.com', 'heritage=external-dns,external-dns/owner=other')), 1);
  const [part] = ownership.accompany([], [set('A')], { sets: [set('A')] }, false);
  assert.deepEqual(part?.changes, [
    {
      action: 'create',
      desired: {
        name: 'a-app.example.com',
        type: 'TXT',
        ttl: 60,
        values: ['heritage=external-dns,external-dns/owner=here'],
      },
    },
  ]);
});

test('the owner is written before the new record is there, until the old one is gone; other texts stay', () => {
  const changes = [
    { action: 'delete', current: set('A') },
    { action: 'create', desired: set('CNAME') },
  ] as const;
  const texts = [ours('a-app.example.com'), text('cname-app.example.com', 'a note')];
  const [{ changes: part } = { changes: [] }] = new Ownership(PLAIN).accompany(
    changes,
    [set('CNAME')],
    { sets: [set('A')], texts },
    false,
  );
  assert.deepEqual(
    part.map((change) => {
      const { name, type } = 'desired' in change ? change.desired : change.current;
      return `${change.action} ${name} ${type}`;
    }),
    [
      'update cname-app.example.com TXT',
      'delete app.example.com A',
      'create app.example.com CNAME',
      'delete a-app.example.com TXT',
    ],
  );
  assert.ok(part[0]?.action === 'update' && part[0].desired.values.includes('a note'));
});

test('other texts stay when the owner goes', () => {
  const there = text('a-app.example.com', 'a note', 'heritage=external-dns,external-dns/owner=here');
  const changes = [{ action: 'delete', current: set('A') }] as const;
  const [{ changes: part } = { changes: [] }] = new Ownership(PLAIN).accompany(
    changes,
    [],
    { sets: [set('A')], texts: [there] },
    false,
  );
  assert.deepEqual(part[1], { action: 'update', current: there, desired: { ...there, values: ['a note'] } });
});

test('an owner record of ours without its record goes, and stays where it is needed or of others', () => {
  const left = ours('cname-app.example.com');
  const others = text('aaaa-app.example.com', 'heritage=external-dns,external-dns/owner=other');
  const texts = [ours('a-app.example.com'), others, left];
  const made = (sets: readonly RecordSet[]) =>
    new Ownership(PLAIN).accompany([], [set('A')], { sets, texts }, false).flatMap(({ changes }) => changes);
  assert.deepEqual(made([set('A')]), [{ action: 'delete', current: left }]);
  assert.deepEqual(made([set('A'), set('CNAME')]), []);
});

test('the owner of `b` that is told at `a-b` is not that of `a-b`', () => {
  const name = 'a-b.example.com';
  for (const id of ['here', 'other']) {
    const texts = [text(name, `heritage=external-dns,external-dns/owner=${id}`)];
    const refused = (sets: readonly RecordSet[]) =>
      new Ownership(PLAIN).refusals([set('A', name)], { sets, others: [], texts }, [], false).get(name)
        ?.message;
    assert.match(refused([set('A', name)]) ?? '', /no TXT record says that it belongs to "here"/);
    assert.equal(refused([]), undefined);
  }
});

test('an owner record of two names stays until both have gone', () => {
  const ownership = new Ownership({ ...PLAIN, wildcard: 'any' });
  const sets = ['*.example.com', 'any.example.com'].map((name) => set('A', name));
  const texts = [ours('a-any.example.com')];
  const changes = sets.map((current) => ({ action: 'delete', current }) as const);
  const released = (found: readonly RecordSet[]) =>
    ownership
      .accompany(
        changes.filter(({ current }) => found.includes(current)),
        [],
        { sets: found, texts },
        false,
      )
      .flatMap((part) => part.changes)
      .filter((change) => 'current' in change && change.current.type === 'TXT').length;
  assert.equal(released(sets), 0);
  assert.equal(released(sets.slice(1)), 1);
});

test('where texts of others may be harmed their set is not written: no claim, and no release either', () => {
  const ownership = new Ownership(PLAIN);
  const texts = [text('a-app.example.com', 'a note')];
  const current = { sets: [], others: [], texts };
  const refusal = (mayHarm: boolean) =>
    ownership.refusals([set('A')], current, [], mayHarm).get('app.example.com')?.message;
  assert.equal(refusal(false), undefined);
  assert.match(refusal(true) ?? '', /belongs at a-app\.example\.com, where TXT records of others are/);
  const there = text('a-app.example.com', 'a note', 'heritage=external-dns,external-dns/owner=here');
  const changes = [{ action: 'delete', current: set('A') }] as const;
  assert.deepEqual(ownership.accompany(changes, [], { sets: [set('A')], texts: [there] }, true), [
    { name: 'app.example.com', changes },
  ]);
});
