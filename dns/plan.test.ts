import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Site } from '../settings/site.ts';
import { desiredSets, ownedTypes } from './desired.ts';
import { plan, sameRecordSet } from './plan.ts';
import type { Change, RecordSet, RecordType } from './records.ts';

const NAME = 'app.example.com';
const set = (type: RecordType, values: string[], ttl = 60, name = NAME): RecordSet => ({
  name,
  type,
  ttl,
  values,
});
const site = (rest: Partial<Site>): Site => ({ name: 'east', nodeNames: ['node'], ...rest });
const short = (changes: readonly Change[]) =>
  changes.map((change) => {
    const { name, type } = 'current' in change ? change.current : change.desired;
    return `${change.action} ${name} ${type}`;
  });

const cases: readonly {
  readonly name: string;
  readonly current: RecordSet[];
  readonly desired: RecordSet[];
  readonly owned: RecordType[];
  readonly changes: string[];
}[] = [
  {
    name: 'nothing differs',
    current: [set('A', ['192.0.2.1'])],
    desired: [set('A', ['192.0.2.1'])],
    owned: ['A'],
    changes: [],
  },
  {
    name: 'only the notation differs',
    current: [set('AAAA', ['2001:DB8:0::1']), set('CNAME', ['East.Example.NET.'], 60, 'www.example.com')],
    desired: [set('AAAA', ['2001:db8::1']), set('CNAME', ['east.example.net'], 60, 'www.example.com')],
    owned: ['AAAA', 'CNAME'],
    changes: [],
  },
  {
    name: 'another value, another TTL, one value too many',
    current: [
      set('A', ['192.0.2.2']),
      set('A', ['192.0.2.1'], 1799, 'b.example.com'),
      set('A', ['192.0.2.1', '192.0.2.2'], 60, 'c.example.com'),
    ],
    desired: [NAME, 'b.example.com', 'c.example.com'].map((name) => set('A', ['192.0.2.1'], 60, name)),
    owned: ['A'],
    changes: [`update ${NAME} A`, 'update b.example.com A', 'update c.example.com A'],
  },
  {
    name: 'no record yet',
    current: [],
    desired: [set('A', ['192.0.2.1'])],
    owned: ['A'],
    changes: [`create ${NAME} A`],
  },
  {
    name: 'the active site has no IPv6, another one has',
    current: [set('A', ['192.0.2.2']), set('AAAA', ['2001:db8::2'])],
    desired: [set('A', ['192.0.2.1'])],
    owned: ['A', 'AAAA'],
    changes: [`delete ${NAME} AAAA`, `update ${NAME} A`],
  },
  {
    name: 'no site has IPv6: the AAAA is the user’s',
    current: [set('A', ['192.0.2.1']), set('AAAA', ['2001:db8::2'])],
    desired: [set('A', ['192.0.2.1'])],
    owned: ['A'],
    changes: [],
  },
  {
    name: 'an address takes the place of a CNAME, though no site has one',
    current: [set('CNAME', ['parking.example.net'])],
    desired: [set('A', ['192.0.2.1'])],
    owned: ['A'],
    changes: [`delete ${NAME} CNAME`, `create ${NAME} A`],
  },
  {
    name: 'a CNAME takes the place of addresses',
    current: [set('A', ['192.0.2.1']), set('AAAA', ['2001:db8::2'])],
    desired: [set('CNAME', ['west.example.net'])],
    owned: ['CNAME'],
    changes: [`delete ${NAME} A`, `delete ${NAME} AAAA`, `create ${NAME} CNAME`],
  },
  {
    name: 'a name that is not desired at all is not touched',
    current: [
      set('A', ['192.0.2.9'], 60, 'other.example.com'),
      set('CNAME', ['x.example.net'], 60, 'www.example.com'),
    ],
    desired: [set('A', ['192.0.2.1'])],
    owned: ['A', 'CNAME'],
    changes: [`create ${NAME} A`],
  },
];

for (const { name, current, desired, owned, changes } of cases) {
  test(name, () => assert.deepEqual(short(plan(current, desired, new Set(owned))), changes));
}

test('a desired set without a value is refused, for its plan would empty the name', () => {
  assert.throws(() => plan([], [set('A', [])], new Set(['A'])), /has no value/);
});

test('the desired sets follow what the site is configured with', () => {
  const values = (one: Site) =>
    desiredSets(one, [NAME], 60).map((each) => `${each.type} ${each.values.join()} ${each.ttl}`);
  assert.deepEqual(values(site({ ip: '192.0.2.1' })), ['A 192.0.2.1 60']);
  assert.deepEqual(values(site({ ip: '192.0.2.1', ipv6: '2001:db8::1' })), [
    'A 192.0.2.1 60',
    'AAAA 2001:db8::1 60',
  ]);
  assert.deepEqual(values(site({ cname: 'east.example.net' })), ['CNAME east.example.net 60']);
  assert.throws(() => desiredSets(site({}), [NAME], 60), {
    name: 'DnsError',
    kind: 'config',
    message: /east has no address/,
  });
});

test('owned is what any site is configured with', () => {
  assert.deepEqual([...ownedTypes([site({ ip: '192.0.2.1' })])], ['A']);
  assert.deepEqual(
    [...ownedTypes([site({ ip: '192.0.2.1' }), site({ ipv6: '2001:db8::1' })])],
    ['A', 'AAAA'],
  );
  assert.deepEqual([...ownedTypes([site({ cname: 'a.example.net' })])], ['CNAME']);
});

const names = ['a.example.com', 'b.example.com', 'example.com'];
const current = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom(...names, 'foreign.example.com'),
    type: fc.constantFrom<RecordType>('A', 'AAAA', 'CNAME'),
    ttl: fc.constantFrom(60, 300, 1799),
    values: fc.uniqueArray(fc.constantFrom('v1', 'v2', 'v3'), { minLength: 1 }),
  }),
  { selector: ({ name, type }) => `${name} ${type}` },
);
const anySite = fc.oneof(
  fc.record({ ip: fc.constantFrom('192.0.2.1', '192.0.2.2') }),
  fc.record({ ip: fc.constant('192.0.2.3'), ipv6: fc.constant('2001:db8::3') }),
  fc.record({ cname: fc.constantFrom('east.example.net', 'west.example.net') }),
);

test('a plan leads to the desired sets, empties nothing, touches nothing foreign, and is done after one time', () => {
  fc.assert(
    fc.property(current, fc.array(anySite, { minLength: 1 }), fc.subarray(names), (before, rest, listed) => {
      const sites = rest.map(site);
      const owned = ownedTypes(sites);
      const desired = desiredSets(sites[0] ?? site({ ip: '192.0.2.1' }), listed, 60);
      const after = carryOut(before, plan(before, desired, owned));
      for (const one of desired) assert.ok(after.some((other) => sameRecordSet(one, other)));
      const isForeign = ({ name }: RecordSet) => !listed.includes(name);
      assert.deepEqual(after.filter(isForeign), before.filter(isForeign));
      for (const name of listed) {
        const types = after.filter((one) => one.name === name).map(({ type }) => type);
        assert.ok(types.length > 0 && (!types.includes('CNAME') || types.length === 1));
      }
      assert.deepEqual(plan(after, desired, owned), []);
    }),
  );
});

function carryOut(before: readonly RecordSet[], changes: readonly Change[]): RecordSet[] {
  return changes.reduce<RecordSet[]>(
    (sets, change) => {
      const rest = 'current' in change ? sets.filter((one) => one !== change.current) : sets;
      return 'desired' in change ? [...rest, change.desired] : rest;
    },
    [...before],
  );
}
