import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { plan, sameRecordSet } from '../../plan.ts';
import { currentOf } from '../../records/record-sets.ts';
import type { RecordSet, RecordType } from '../../records.ts';
import type { Host } from './api.ts';
import { assertHarmless } from './guard.ts';
import { compareZones, mergeHosts, recordSets, sameHosts } from './records.ts';

const ZONE = 'example.com';
const LISTED = ['example.com', 'app.example.com', '*.example.com'];
const OWNED = new Set<RecordType>(['A', 'AAAA', 'CNAME']);

const anyHost = fc.record({
  name: fc.constantFrom('@', 'app', 'App', '*', 'www', 'a.app', 'xapp'),
  type: fc.constantFrom('A', 'AAAA', 'CNAME', 'MX', 'TXT', 'CAA', 'NS'),
  address: fc.oneof(
    fc.constantFrom('192.0.2.1', '2001:db8::1', 'x.example.net.'),
    fc.string({ minLength: 1 }),
  ),
  mxPref: fc.constantFrom('10', '20'),
  ttl: fc.constantFrom('', '0', '60', '1799'),
  isActive: fc.constant(true),
  isDdnsEnabled: fc.constant(false),
});
const anySite = fc.record({
  names: fc.subarray(LISTED, { minLength: 1 }),
  targets: fc.constantFrom<readonly (readonly [RecordType, string])[]>(
    [['A', '192.0.2.7']],
    [
      ['A', '192.0.2.8'],
      ['AAAA', '2001:db8::8'],
    ],
    [['CNAME', 'east.example.net']],
  ),
});

function shownSets(hosts: readonly Host[], names: readonly string[]): readonly RecordSet[] {
  return currentOf(recordSets(ZONE, hosts), [], { names }).sets;
}

function desiredSets({ names, targets }: AnySite): RecordSet[] {
  return names.flatMap((name) => targets.map(([type, value]) => ({ name, type, ttl: 60, values: [value] })));
}

interface AnySite {
  readonly names: readonly string[];
  readonly targets: readonly (readonly [RecordType, string])[];
}

test('a merged zone shows the desired sets, and keeps every other record as it was, in its order', () => {
  fc.assert(
    fc.property(fc.array(anyHost, { maxLength: 30 }), anySite, (hosts, one) => {
      const desired = desiredSets(one);
      const changes = plan(shownSets(hosts, one.names), desired, OWNED);
      const merged = mergeHosts(ZONE, hosts, changes);
      const shown = shownSets(merged, one.names);
      assert.ok(desired.every((set) => shown.some((other) => sameRecordSet(set, other))));
      assert.equal(shown.length, desired.length);
      const isOther = (host: Host) => !isFollowed(host, one.names);
      assert.deepEqual(merged.filter(isOther), hosts.filter(isOther));
      assert.deepEqual(mergeHosts(ZONE, merged, plan(shown, desired, OWNED)), merged);
    }),
  );
});

function isFollowed({ name, type }: Host, names: readonly string[]): boolean {
  const full = name === '@' ? ZONE : `${name.toLowerCase()}.${ZONE}`;
  return names.includes(full) && ['A', 'AAAA', 'CNAME'].includes(type);
}

test('the guard sees every single foreign record that a merge loses, changes or adds', () => {
  const damages: readonly ((hosts: readonly Host[], at: number) => readonly Host[])[] = [
    (hosts, at) => hosts.toSpliced(at, 1),
    (hosts, at) => hosts.map((host, index) => (index === at ? { ...host, ttl: '61' } : host)),
    (hosts, at) =>
      hosts.map((host, index) => (index === at ? { ...host, address: `${host.address} ` } : host)),
    (hosts, at) => hosts.toSpliced(at, 0, ...hosts.slice(at, at + 1)),
    () => [],
  ];
  const foreign = anyHost.filter((host) => !isFollowed(host, LISTED));
  fc.assert(
    fc.property(
      fc.array(foreign, { minLength: 1 }),
      fc.nat(),
      fc.constantFrom(...damages),
      (hosts, pick, damage) => {
        const desired = { name: 'new.example.com', type: 'A', ttl: 60, values: ['192.0.2.7'] } as const;
        const merged = mergeHosts(ZONE, hosts, [{ action: 'create', desired }]);
        assertHarmless(ZONE, hosts, merged, [{ action: 'create', desired }]);
        const harmed = [...damage(merged.slice(0, -1), pick % hosts.length), ...merged.slice(-1)];
        assert.throws(() => assertHarmless(ZONE, hosts, harmed, [{ action: 'create', desired }]), {
          kind: 'refused',
        });
      },
    ),
  );
});

test('the guard sees a name that is left without a record', () => {
  const hosts = [anyA('app', '192.0.2.1'), anyA('www', '192.0.2.1')];
  const found = { name: 'app.example.com', type: 'A', ttl: 60, values: ['192.0.2.1'] } as const;
  const emptied = mergeHosts(ZONE, hosts, [{ action: 'delete', current: found }]);
  assert.throws(() => assertHarmless(ZONE, hosts, emptied, [{ action: 'delete', current: found }]), {
    message: /without an address/,
  });
});

test('what the API treats as equal is equal, and nothing else', () => {
  const same: readonly (readonly [Partial<Host>, Partial<Host>])[] = [
    [{ name: 'APP' }, { name: 'app' }],
    [{ ttl: '0' }, { ttl: '1799' }],
    [{ ttl: '' }, { ttl: '1799' }],
    [{ mxPref: '10' }, { mxPref: '20' }],
    [
      { type: 'CNAME', address: 'A.example.net.' },
      { type: 'CNAME', address: 'a.example.net' },
    ],
    [
      { type: 'AAAA', address: '2001:DB8:0::1' },
      { type: 'AAAA', address: '2001:db8::1' },
    ],
  ];
  const different: typeof same = [
    [
      { type: 'TXT', address: 'Token' },
      { type: 'TXT', address: 'token' },
    ],
    [
      { type: 'TXT', address: 'a.' },
      { type: 'TXT', address: 'a' },
    ],
    [
      { type: 'MX', mxPref: '10' },
      { type: 'MX', mxPref: '20' },
    ],
    [{ address: '192.0.2.1' }, { address: '192.0.2.2' }],
    [{ ttl: '60' }, { ttl: '61' }],
  ];
  const base = anyA('app', '192.0.2.1');
  for (const [one, other] of same) assert.ok(sameHosts([{ ...base, ...one }], [{ ...base, ...other }]));
  for (const [one, other] of different) assert.ok(!sameHosts([{ ...base, ...one }], [{ ...base, ...other }]));
  assert.ok(
    !sameHosts([base, base, anyA('b', '192.0.2.1')], [base, anyA('b', '192.0.2.1'), anyA('b', '192.0.2.1')]),
  );
});

test('reading back: an old value beside the new one is a difference, a foreign addition is none', () => {
  const content = (...hosts: Host[]) => ({ emailType: 'MX', hosts });
  const desired = { name: 'app.example.com', type: 'A', ttl: 60, values: ['192.0.2.1'] } as const;
  const sent = content(anyA('app', '192.0.2.1'));
  const compare = (shown: typeof sent) => compareZones(ZONE, sent, shown, [{ action: 'create', desired }]);
  assert.deepEqual(compare(content(...sent.hosts, anyA('www', '192.0.2.9'))), []);
  assert.deepEqual(compare(content(...sent.hosts, anyA('app', '192.0.2.2'))), [
    'still has app.example.com A 192.0.2.2',
  ]);
  assert.deepEqual(compare({ ...sent, emailType: 'FWD' }), ['has the mail setting FWD for MX']);
});

function anyA(name: string, address: string): Host {
  return { name, type: 'A', address, mxPref: '10', ttl: '60', isActive: true, isDdnsEnabled: false };
}

test('a text comes and goes beside those of others, which stay as they are written', () => {
  const at = (address: string) => ({ ...anyA('a-app', address), type: 'TXT' });
  const others = [at('"in " "parts"'), anyA('www', '192.0.2.5'), at('bare')];
  const found = { name: 'a-app.example.com', type: 'TXT', ttl: 60, values: ['in parts', 'bare'] } as const;
  const desired = { ...found, values: ['ours', ...found.values] };
  const added = mergeHosts(ZONE, others, [{ action: 'update', current: found, desired }]);
  assert.deepEqual(added, [...others, at('ours')]);
  assertHarmless(ZONE, others, added, [{ action: 'update', current: found, desired }]);
  const removal = [{ action: 'update', current: desired, desired: found }] as const;
  assert.deepEqual(mergeHosts(ZONE, added, removal), others);
  assertHarmless(ZONE, added, others, removal);
  assert.throws(() => assertHarmless(ZONE, added, others.slice(1), removal), { kind: 'refused' });
});
