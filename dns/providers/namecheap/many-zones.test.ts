/** More zones than a minute has calls for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { followedZone } from '../../../test/support/dns/followed-zone.ts';
import { drive, NamecheapScene } from '../../../test/support/namecheap/scene.ts';

test('thirty zones move, some every minute', async () => {
  const names = Array.from({ length: 30 }, (_, index) => `zone-${index}.com`);
  const zones = Object.fromEntries(
    names.map((zone) => [zone, { emailType: 'NONE', isUsingOurDns: true, hosts: [] }]),
  );
  const { fake, provider, clock } = new NamecheapScene({ zones });
  const followed = names.map((zone) => ({
    zone,
    ...followedZone(zone, [`app.${zone}`], { provider, clock, owned: ['A'] }),
  }));
  const move = () =>
    Promise.allSettled(
      followed.map(({ zone, follow }) =>
        follow([{ name: `app.${zone}`, type: 'A', ttl: 60, values: ['192.0.2.1'] }]),
      ),
    );
  const moved = () => names.filter((zone) => fake.zone(zone).hosts.some(({ name }) => name === 'app')).length;
  const progress: number[] = [];
  for (let minute = 1; minute <= 15 && moved() < names.length; minute += 1) {
    await drive(clock, move());
    await clock.advance(60_000);
    progress.push(moved());
  }
  assert.equal(moved(), names.length, `minute by minute: ${progress.join()}`);
});
