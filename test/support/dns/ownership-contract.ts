/** What is promised of a provider that keeps owners, as tests on a bench. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Ownership, type OwnershipSettings } from '../../../dns/ownership.ts';
import type { DnsProvider } from '../../../dns/provider.ts';
import type { RecordSet } from '../../../dns/records.ts';
import { aroundTests, type Bench, type StartBench } from './bench.ts';
import { followedZone } from './followed-zone.ts';

const SETTINGS: OwnershipSettings = { id: 'here', prefix: '', suffix: '', wildcard: '', adopt: false };
const OURS = 'heritage=external-dns,external-dns/owner=here';
const OTHER = 'heritage=external-dns,external-dns/owner=other';

export function ownershipContract(name: string, start: StartBench): void {
  describe(`the contract of owners: ${name}`, () => {
    let bench: Bench;
    let provider: DnsProvider;
    const { clock } = aroundTests(start, (started, connected) => {
      bench = started;
      provider = connected;
    });

    const set = (host: string, type: RecordSet['type'], value: string): RecordSet => ({
      name: `${host}.${bench.zone}`,
      type,
      ttl: 60,
      values: [value],
    });
    const follow = async (settings: Partial<OwnershipSettings>, ...desired: RecordSet[]) => {
      const names = [...new Set(desired.map((each) => each.name))];
      const ownership = new Ownership({ ...SETTINGS, ...settings });
      const zone = followedZone(bench.zone, names, { provider, clock, owned: ['A', 'CNAME'], ownership });
      clock.skip();
      await zone.follow(desired);
    };
    /** Lines about the name or its owners. */
    const shown = async (host: string) =>
      (await bench.dump()).filter((line) => line.includes(`${host}.${bench.zone}`));
    const isThere = async (host: string, name: string, text: string) =>
      (await shown(host)).some((line) => line.startsWith(`${name} `) && line.includes(text));

    test('the owner record comes and goes with the type of the record', async () => {
      await follow({}, set('own', 'A', '192.0.2.1'));
      assert.equal((await shown('own')).length, 2);
      assert.ok(await isThere('own', `a-own.${bench.zone}`, OURS));
      await follow({}, set('own', 'A', '192.0.2.2'));
      await follow({}, set('own', 'CNAME', 'west.example.org'));
      assert.ok(await isThere('own', `cname-own.${bench.zone}`, OURS));
      assert.ok(!(await isThere('own', `a-own.${bench.zone}`, OURS)));
      assert.equal((await shown('own')).length, 2);
    });

    test('what another owner has, or nobody, stays byte for byte; the other names go on', async () => {
      await bench.meddle(set('theirs', 'A', '192.0.2.9'));
      await bench.addOther?.({ name: `a-theirs.${bench.zone}`, type: 'TXT', value: `"${OTHER}"` });
      await bench.meddle(set('nobodys', 'A', '192.0.2.9'));
      const before = await Promise.all(['theirs', 'nobodys'].map(shown));
      const desired = ['theirs', 'nobodys', 'mine'].map((host) => set(host, 'A', '192.0.2.1'));
      await assert.rejects(follow({ adopt: false }, ...desired), { kind: 'refused', code: 'not-owned' });
      assert.deepEqual(await Promise.all(['theirs', 'nobodys'].map(shown)), before);
      assert.ok(await isThere('mine', `mine.${bench.zone}`, '192.0.2.1'));

      await assert.rejects(follow({ adopt: true }, ...desired), /"other"/);
      assert.ok(await isThere('nobodys', `a-nobodys.${bench.zone}`, OURS));
      assert.ok(await isThere('nobodys', `nobodys.${bench.zone}`, '192.0.2.1'));
      assert.deepEqual(await shown('theirs'), before[0]);
    });

    test('a claim without a record is one all the same', async () => {
      await bench.addOther?.({ name: `a-claimed.${bench.zone}`, type: 'TXT', value: `"${OTHER}"` });
      await assert.rejects(follow({ adopt: true }, set('claimed', 'A', '192.0.2.1')), /belongs to "other"/);
      assert.equal((await shown('claimed')).length, 1);
    });

    test('a wildcard name has its owner under the replacement', async () => {
      await follow({ wildcard: 'any' }, set('*.deep', 'A', '192.0.2.1'));
      assert.ok(await isThere('deep', `a-any.deep.${bench.zone}`, OURS));
    });
  });
}
