import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle, VirtualClock } from '../../test/support/virtual-clock.ts';
import { hostInZone } from '../zones.ts';
import { AccountZones, type ZoneLists } from './account-zones.ts';
import type { ZoneKey } from './known-zones.ts';

const { signal: abort } = new AbortController();
const A_PAGE = 50;

/** An account with `zones`, each call of whose API is noted. */
function account(zones: string[]) {
  const calls: string[] = [];
  const keyed = (names: readonly string[]) => names.map((name) => ({ name, id: `id of ${name}` }));
  const clock = new VirtualClock();
  const lists: ZoneLists<ZoneKey> = {
    async all(mostPages) {
      const pages = Math.max(1, Math.ceil(zones.length / A_PAGE));
      for (let page = 1; page <= pages; page += 1) {
        calls.push(`page ${page}`);
        await settle();
        if (pages > mostPages()) return undefined;
      }
      return keyed(zones);
    },
    within(name) {
      calls.push(`within ${name}`);
      return Promise.resolve(keyed(zones.filter((zone) => hostInZone(zone, name) !== undefined)));
    },
    named(name) {
      calls.push(`named ${name}`);
      return Promise.resolve(keyed(zones.filter((zone) => zone === name)));
    },
  };
  const opened = new AccountZones((zone: ZoneKey) => zone, lists, clock);
  return { opened, calls, clock };
}

const many = (count: number) => Array.from({ length: count }, (_, index) => `zone-${index}.example`);

test('three hundred names that ask at once cost six calls, and none when they are asked for by themselves', async () => {
  const names = many(300);
  const { opened, calls } = account(names);
  const found = await Promise.all(names.map((name) => opened.within(name, abort)));
  assert.deepEqual(
    found.map((zones) => zones.map(({ name }) => name)),
    names.map((name) => [name]),
  );
  const again = await Promise.all(names.map((name) => opened.named(name, abort)));
  assert.equal(again.flat().length, 300);
  assert.equal(calls.length, 6);
});

test('a zone below a name counts for it, and one that only ends alike does not', async () => {
  const { opened } = account(['example.com', 'dev.example.com', 'notexample.com']);
  const found = await opened.within('example.com', abort);
  assert.deepEqual(
    found.map(({ name }) => name),
    ['example.com', 'dev.example.com'],
  );
});

test('a zone that was not there is looked for anew, once for all, and so is one that is gone', async () => {
  const zones = many(10);
  const { opened, calls } = account(zones);
  assert.equal((await opened.named('zone-3.example', abort)).length, 1);
  assert.equal(calls.length, 1);
  assert.deepEqual(await opened.named('new.example', abort), []);
  assert.equal(calls.length, 2);
  zones.push('new.example', 'newer.example');
  const found = await Promise.all(['new.example', 'newer.example'].map((name) => opened.named(name, abort)));
  assert.equal(found.flat().length, 2);
  assert.equal(calls.length, 3);
  zones.shift();
  assert.equal((await opened.named('zone-0.example', abort)).length, 1);
  opened.forget('zone-0.example');
  assert.deepEqual(await opened.named('zone-0.example', abort), []);
  assert.equal(calls.length, 4);
});

test('one in use that is gone is noticed when it is renewed, by one list in ten minutes for all names', async () => {
  const names = many(120);
  const { opened, calls, clock } = account(names);
  const inUse = (name: string) =>
    opened.inUse(name, async () => {
      const [zone] = await opened.named(name, abort);
      return zone ?? Promise.reject(new Error(`there is no ${name}`));
    });
  await Promise.all(names.map(inUse));
  const renewed = async () => {
    for (const name of many(120)) await opened.renew(name, abort, () => true);
  };
  names.shift();
  await renewed();
  assert.equal(calls.length, 3);
  assert.equal((await inUse('zone-0.example')).name, 'zone-0.example');
  await clock.advance(600_000);
  await renewed();
  assert.equal(calls.length, 6);
  await assert.rejects(inUse('zone-0.example'), /there is no/);
  assert.equal((await inUse('zone-1.example')).name, 'zone-1.example');
});

test('an account with far more zones than names is asked for the names, and seldom listed in vain', async () => {
  const { opened, calls } = account([...many(5_000), 'example.com']);
  for (let time = 0; time < 10; time += 1) {
    assert.equal((await opened.within('example.com', abort)).length, 1);
    assert.equal((await opened.named('zone-7.example', abort)).length, 1);
  }
  assert.ok(calls.filter((call) => call.startsWith('page')).length <= 2, calls.join());
  const names = many(64);
  for (const name of names) assert.equal((await opened.named(name, abort)).length, 1);
  // However many names there come to be: a few attempts, each with twice as many.
  assert.ok(calls.filter((call) => call.startsWith('page')).length <= 8, calls.join());
});

test('too much to be remembered is not', async () => {
  const names = Array.from({ length: 4_900 }, (_, index) => `${'x'.repeat(230)}-${index}.example`);
  const { opened, calls } = account(names);
  const found = await Promise.all(names.map((name) => opened.within(name, abort)));
  assert.equal(found.flat().length, names.length);
  const before = calls.length;
  await opened.within(names[0] ?? '', abort);
  assert.deepEqual(calls.slice(before), [`within ${names[0]}`]);
});

test('an account that shows no zone at all is asked for the name', async () => {
  const { opened, calls } = account([]);
  assert.deepEqual(await opened.within('example.com', abort), []);
  assert.deepEqual(calls, ['page 1', 'within example.com']);
});

test('who stops waiting leaves the list to the others', async () => {
  const { opened, calls } = account(many(120));
  const stop = new AbortController();
  const first = opened.within('zone-1.example', stop.signal);
  const others = ['zone-2.example', 'zone-3.example'].map((name) => opened.within(name, abort));
  stop.abort(new Error('stopping'));
  await assert.rejects(first, /stopping/);
  assert.equal((await Promise.all(others)).flat().length, 2);
  assert.equal(calls.length, 3);
});
