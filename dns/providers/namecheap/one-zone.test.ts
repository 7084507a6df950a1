/** Several record sets in one zone: each write replaces the whole zone, and none may take back what another one wrote. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sleep } from '../../../runtime/clock.ts';
import { drive, NamecheapScene, ZONE } from '../../../test/support/namecheap/scene.ts';
import { host } from '../../../test/support/namecheap/zones.ts';
import type { RecordSet } from '../../records.ts';

const [EAST, WEST] = ['192.0.2.1', '192.0.2.2'];
const at = (name: string, value: string): RecordSet[] => [
  { name: `${name}.${ZONE}`, type: 'A', ttl: 60, values: [value] },
];

function zoneOf(...names: readonly string[]): NamecheapScene {
  const mail = host('@', 'MX', 'mail.example.net.');
  const hosts = [mail, ...names.map((name) => host(name, 'A', WEST, { ttl: '60' }))];
  return new NamecheapScene({ zone: { emailType: 'MX', hosts } });
}

const addresses = ({ hosts }: NamecheapScene) => hosts.map(({ name, address }) => `${name} ${address}`);

test('two that move at once both arrive, however slow one of them is', async () => {
  const world = zoneOf('app', 'db');
  const slow = world.anotherProvider(() => sleep(world.clock, 500, world.abort));
  const both = [world.pass(slow, at('db', EAST)), world.pass(world.provider, at('app', EAST))];
  await drive(world.clock, Promise.all(both));
  assert.deepEqual(addresses(world), ['@ mail.example.net.', `app ${EAST}`, `db ${EAST}`]);
});

test('one whose write fails keeps the zone from nobody', async () => {
  const world = zoneOf('app', 'db');
  const failing = world.anotherProvider(() => Promise.reject(new Error('no snapshot')));
  const failure = assert.rejects(world.pass(failing, at('db', EAST)), /no snapshot/);
  await drive(world.clock, Promise.all([failure, world.pass(world.provider, at('app', EAST))]));
  assert.deepEqual(addresses(world), ['@ mail.example.net.', `app ${EAST}`, `db ${WEST}`]);
});

test('who stops while it waits for the zone writes nothing, and lets nobody past the one before', async () => {
  const world = zoneOf('app', 'db', 'web');
  const slow = world.anotherProvider(() => sleep(world.clock, 500, world.abort));
  const stop = new AbortController();
  const first = world.pass(slow, at('db', EAST));
  const stopped = assert.rejects(
    world.pass(world.provider, at('app', EAST), { abort: stop.signal }),
    /stopping/,
  );
  const third = world.pass(world.anotherProvider(), at('web', EAST));
  world.clock.after(100, () => stop.abort(new Error('stopping')));
  await drive(world.clock, Promise.all([first, stopped, third]));
  assert.deepEqual(addresses(world), ['@ mail.example.net.', `app ${WEST}`, `db ${EAST}`, `web ${EAST}`]);
});
