import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KnownZones, type ZoneKey } from './known-zones.ts';

const ZONE = { name: 'example.com', id: '1' };
const NESTED = { name: 'dev.example.com', id: '2' };
const OTHER = { name: 'example.org', id: '3' };

test('a zone that is not listed any more is not known, and others are not meant', () => {
  const zones = new KnownZones((zone: ZoneKey) => zone);
  for (const zone of [ZONE, NESTED, OTHER]) zones.set(zone.name, zone);
  zones.setAll('example.com', [ZONE]);
  assert.deepEqual(
    [ZONE, NESTED, OTHER].map(({ name }) => zones.get(name)),
    [ZONE, undefined, OTHER],
  );
});

test('of several with one name the one that was known stays, and none is chosen', () => {
  const zones = new KnownZones((zone: ZoneKey) => zone);
  const twin = { ...ZONE, id: '9' };
  zones.setAll('example.com', [ZONE, twin]);
  assert.equal(zones.get('example.com'), undefined);
  zones.setAll('example.com', [ZONE]);
  zones.setAll('example.com', [twin, ZONE]);
  assert.equal(zones.get('example.com'), ZONE);
  zones.setAll('example.com', [twin]);
  assert.equal(zones.get('example.com'), twin);
});
