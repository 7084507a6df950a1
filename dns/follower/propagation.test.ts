import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import type { AuthoritativeLookup } from '../records/authoritative.ts';
import type { RecordSet } from '../records.ts';
import { Propagation } from './propagation.ts';
import { RecordStatuses } from './record-status.ts';

const ZONE = 'example.com';

test('of many names some hundred are asked for at once, and those that were seen not again', async (t) => {
  const clock = new VirtualClock();
  let underWay = 0;
  let most = 0;
  let isLateSeen = false;
  const asked: string[] = [];
  const lookup: AuthoritativeLookup = async ({ name }) => {
    asked.push(name);
    underWay += 1;
    most = Math.max(most, underWay);
    await new Promise<void>((resolve) => clock.after(50, resolve));
    underWay -= 1;
    const values = name === `late.${ZONE}` && !isLateSeen ? ['192.0.2.1'] : ['192.0.2.2'];
    return [{ server: 'ns1', values }];
  };
  const statuses = new RecordStatuses(clock, () => undefined);
  const propagation = new Propagation({ clock, random: () => 0.5, lookup, statuses });
  const ending = new AbortController();
  const running = propagation.run(ending.signal);
  t.after(() => ending.abort());
  const hosts = ['late', ...Array.from({ length: 999 }, (_, index) => `host-${index}`)];
  const sets = hosts.map(
    (host): RecordSet => ({ name: `${host}.${ZONE}`, type: 'A', ttl: 60, values: ['192.0.2.2'] }),
  );
  statuses.setDesired(ZONE, sets);
  propagation.expect(ZONE, sets);
  await clock.advance(2_000);
  assert.equal(asked.length, 1_000);
  assert.ok(most <= 200, `${most} at once`);
  isLateSeen = true;
  await clock.advance(60_000);
  assert.deepEqual(asked.slice(1_000), [`late.${ZONE}`]);
  ending.abort();
  await running;
});
