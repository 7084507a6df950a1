import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { systemClock } from '../../../runtime/clock.ts';
import { followedZone } from '../../../test/support/dns/followed-zone.ts';
import { HURRIED } from '../../../test/support/dns/harness.ts';
import { Ownership } from '../../follower/ownership.ts';
import type { RecordSet } from '../../records.ts';
import { openWebhook } from './testing/open.ts';

const ZONE = 'example.com';
const NAME = `app.${ZONE}`;
const ALIAS = { dnsName: NAME, recordType: 'CNAME', targets: ['east.example.net'], recordTTL: 60 };
const MOVED: RecordSet = { name: NAME, type: 'A', ttl: 60, values: ['192.0.2.2'] };
/** Longer than any wait after a failure. */
const LATER_MS = 20 * 60_000;

function ownerRecord(owner: string, dnsName = `cname-${NAME}`) {
  return { dnsName, recordType: 'TXT', targets: [`"heritage=external-dns,external-dns/owner=${owner}"`] };
}

/** A name that is ours, and a provider that makes the deletions of a change and fails then. */
async function halfMaking(t: TestContext, status: 422 | 500) {
  let skipped = 0;
  const clock = { ...HURRIED, elapsed: () => systemClock.elapsed() + skipped };
  const { fake, provider } = await openWebhook(t, [ZONE], clock);
  fake.endpoints = [ALIAS, ownerRecord('me')];
  fake.takesAddresses = false;
  fake.halfMadeStatus = status;
  const zone = followedZone(ZONE, [NAME], {
    provider,
    clock,
    owned: ['A', 'CNAME'],
    ownership: new Ownership({ id: 'me', prefix: '', suffix: '', wildcard: '', adopt: false }),
  });
  const follow = () => {
    skipped += LATER_MS;
    return zone.follow([MOVED]);
  };
  const there = () => fake.endpoints.map(({ recordType, targets }) => `${recordType} ${targets?.join()}`);
  return { fake, follow, failed: zone.failed, there };
}

describe('a change of which only the deletions are made', () => {
  for (const status of [500, 422] as const) {
    test(`and then ${status}: the record is put back as ours, and moves once the provider works`, async (t) => {
      const { fake, follow, failed, there } = await halfMaking(t, status);
      const before = there().toSorted();
      await assert.rejects(follow(), /app\.example\.com has again what it had before/);
      assert.deepEqual([failed(), there().toSorted()], [[NAME], before]);
      fake.takesAddresses = true;
      await follow();
      assert.deepEqual(failed(), []);
      assert.ok(there().includes('A 192.0.2.2'));
    });
  }

  test('while another takes the name in that moment: it is not taken for made', async (t) => {
    const { fake, follow, failed } = await halfMaking(t, 422);
    fake.onEmptied = () => {
      fake.endpoints = [ownerRecord('other'), ownerRecord('other', `a-${NAME}`)];
    };
    await assert.rejects(follow());
    assert.deepEqual(failed(), [NAME]);
  });
});
