/** One name in each of many zones: each costs its calls, and a move must not wait for the budget. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Agent } from 'undici';
import { systemClock } from '../../runtime/clock.ts';
import { Secret } from '../../settings/secret.ts';
import { FakeCloudflare } from '../../test/support/dns/fake-cloudflare.ts';
import { followedZone } from '../../test/support/dns/followed-zone.ts';
import { CloudflareApi } from './api.ts';
import { CloudflareProvider } from './provider.ts';

const TOKEN = 'Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Z';

test('a hundred zones start and move within one budget of calls', async (t) => {
  const fake = new FakeCloudflare(TOKEN);
  const apiUrl = await fake.start();
  t.after(() => fake.stop());
  const dispatcher = new Agent({ connections: 4 });
  t.after(() => dispatcher.destroy());
  const clock = systemClock;
  const provider = new CloudflareProvider(
    new CloudflareApi({ apiToken: new Secret(TOKEN), apiUrl }, { clock, dispatcher }),
    clock,
  );
  const zones = Array.from({ length: 100 }, (_, index) => `zone-${index}.example`).map((zone) => {
    fake.addZone(zone);
    const name = `app.${zone}`;
    const { follow } = followedZone(zone, [name], { provider, clock, owned: ['A'] });
    return (address: string) => follow([{ name, type: 'A', ttl: 60, values: [address] }]);
  });
  for (const address of ['192.0.2.1', '192.0.2.2']) {
    await Promise.all(zones.map((move) => move(address)));
    const contents = fake.zones.flatMap(({ records }) => records.map(({ content }) => content));
    assert.deepEqual(contents, Array(100).fill(address));
  }
  t.diagnostic(`${fake.calls.length} calls`);
});
