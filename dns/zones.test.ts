import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { byZone, groupsOfZones, hostInZone, nameInZone, parseRecords, registeredDomain } from './zones.ts';

const good: readonly (readonly [item: string, name: string, zone: string])[] = [
  ['app.example.com', 'app.example.com', 'example.com'],
  [' App.Example.COM. ', 'app.example.com', 'example.com'],
  ['example.com', 'example.com', 'example.com'],
  ['*.example.com', '*.example.com', 'example.com'],
  ['*.a.example.co.uk', '*.a.example.co.uk', 'example.co.uk'],
  ['_x._tcp.example.com', '_x._tcp.example.com', 'example.com'],
  ['bücher.example.com', 'xn--bcher-kva.example.com', 'example.com'],
  // The private section of the list says who may set cookies, not what is registered.
  ['user.github.io', 'user.github.io', 'github.io'],
  ['db.shop.uk.com@shop.uk.com', 'db.shop.uk.com', 'shop.uk.com'],
  ['db.corp.internal@corp.internal', 'db.corp.internal', 'corp.internal'],
  ['nas.lan@lan', 'nas.lan', 'lan'],
  ['münchen.example.com@MÜNCHEN.example.com', 'xn--mnchen-3ya.example.com', 'xn--mnchen-3ya.example.com'],
  ['corp.internal@Corp.Internal.', 'corp.internal', 'corp.internal'],
];

for (const [item, name, zone] of good) {
  test(`${JSON.stringify(item)} is ${name} in ${zone}`, () => {
    const stated = item.includes('@') ? ({ isStated: true } as const) : {};
    assert.deepEqual(parseRecords([item]), { records: [{ name, zone, ...stated }], problems: [] });
  });
}

const bad: readonly (readonly [item: string, problem: RegExp])[] = [
  ['localhost', /has no zone .* write name@zone/],
  ['db.corp.internal', /has no zone .* write name@zone/],
  ['co.uk', /public suffix/],
  ['com', /public suffix/],
  ['*.co.uk', /has no zone/],
  ['*', /"\*" only as its first label/],
  ['a.*.example.com', /"\*" only as its first label/],
  ['a*.example.com', /the label "a\*"/],
  ['a@b@example.com', /more than one "@"/],
  ['app@example.com', /not in the zone example\.com/],
  ['app.website.com@site.com', /not in the zone site\.com/],
  ['website@site', /top-level domain/],
  ['app.example.com@', /no valid zone/],
  ['@example.com', /no DNS name/],
  ['app.example.com@*.example.com', /no valid zone/],
  ['192.0.2.1', /address/],
  ['2001:db8::1', /address/],
  ['-a.example.com', /the label "-a"/],
  ['a..example.com', /the label ""/],
  [`${'a'.repeat(64)}.example.com`, /1 to 63/],
  [`${'a.'.repeat(125)}example.com`, /longer than 253/],
  ['a b.example.com', /the label "a b"/],
  ['bücher.example.com/x', /the label "bücher"/],
  ['bücher%2eexample.com', /the label "bücher%2eexample"/],
];

for (const [item, problem] of bad) {
  test(`${JSON.stringify(item.slice(0, 40))} is refused`, () => {
    const { records, problems } = parseRecords([item]);
    assert.deepEqual(records, []);
    assert.equal(problems[0]?.record, item);
    assert.match(problems[0]?.problem ?? '', problem);
  });
}

test('every problem is reported, empty items and repetitions are nothing', () => {
  const { records, problems } = parseRecords(['', 'a.example.com', 'localhost', 'A.example.com', ' ', 'com']);
  assert.deepEqual(records, [{ name: 'a.example.com', zone: 'example.com' }]);
  assert.deepEqual(
    problems.map(({ record }) => record),
    ['localhost', 'com'],
  );
});

test('of a repeated name the zone that is stated counts', () => {
  const items = ['app.dev.example.com', 'app.dev.example.com@example.com'];
  for (const listed of [items, items.toReversed()]) {
    const { records, problems } = parseRecords(listed);
    assert.deepEqual(records, [{ name: 'app.dev.example.com', zone: 'example.com', isStated: true }]);
    assert.deepEqual(problems, []);
  }
});

test('one name in two zones is refused', () => {
  const { problems } = parseRecords(['db.shop.uk.com@shop.uk.com', 'db.shop.uk.com@uk.com']);
  assert.deepEqual(problems, [
    { record: 'db.shop.uk.com@uk.com', problem: 'is listed in zone shop.uk.com as well' },
  ]);
});

test('a zone ends at a dot: "website" is not in "site"', () => {
  assert.equal(hostInZone('website.com', 'site.com'), undefined);
  assert.equal(hostInZone('mysite.com', 'site.com'), undefined);
  assert.equal(hostInZone('a.b.site.com', 'site.com'), 'a.b');
  assert.equal(hostInZone('site.com', 'site.com'), '@');
});

for (const [record, registered] of [
  ['app.example.com', 'example.com'],
  ['app.sub.example.co.uk@sub.example.co.uk', 'example.co.uk'],
  ['app.x.xn--mnchen-3ya.de@x.xn--mnchen-3ya.de', 'xn--mnchen-3ya.de'],
  ['app.example.uk.com', 'example.uk.com'],
  ['app.example.eu.org', 'example.eu.org'],
  ['*.example.us.com', 'example.us.com'],
  ['example.uk.com', 'example.uk.com'],
  ['app.sub.example.uk.com@sub.example.uk.com', 'example.uk.com'],
  ['app.uk.com@uk.com', 'uk.com'],
  ['*.uk.com', 'uk.com'],
  ['app.lan@lan', 'lan'],
] as const) {
  test(`for ${record}, ${registered} was registered`, () => {
    const [parsed] = parseRecords([record]).records;
    assert.equal(parsed && registeredDomain(parsed), registered);
  });
}

test('names are grouped by zone in their order', () => {
  const { records } = parseRecords(['b.example.com', 'x.example.net', 'a.example.com']);
  assert.deepEqual(
    [...byZone(records)],
    [
      ['example.com', ['b.example.com', 'a.example.com']],
      ['example.net', ['x.example.net']],
    ],
  );
});

test('whatever is typed: no exception, and each item is a record in its zone or a problem', () => {
  const item = fc.oneof(
    fc.string(),
    fc.string({ unit: 'grapheme' }),
    fc.domain(),
    fc.stringMatching(/^[a-z.*@-]{0,30}$/),
  );
  fc.assert(
    fc.property(fc.array(item), (items) => {
      const { records, problems } = parseRecords(items);
      for (const { name, zone } of records) {
        const host = hostInZone(name, zone);
        assert.ok(host !== undefined && host !== '');
        assert.equal(nameInZone(host, zone), name);
        assert.equal(name, name.toLowerCase());
      }
      const counted = items.filter((text) => text.trim() !== '').length;
      assert.ok(records.length + problems.length <= counted);
      assert.ok(counted === 0 || records.length + problems.length > 0);
    }),
  );
});

test('records whose zones may be below one another are in one group', () => {
  const { records } = parseRecords([
    'app.example.com',
    'app.example.net',
    'db.dev.example.com@dev.example.com',
    'db.k8s.example.net',
    'app.notexample.com',
  ]);
  const groups = groupsOfZones(records).map((group) => group.map(({ name }) => name));
  assert.deepEqual(groups, [
    ['app.example.com', 'db.dev.example.com'],
    ['app.example.net', 'db.k8s.example.net'],
    ['app.notexample.com'],
  ]);
});
