/** What is promised of a provider that keeps owners, as tests on a harness. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Ownership, type OwnershipSettings } from '../../../dns/follower/ownership.ts';
import type { DnsProvider } from '../../../dns/provider.ts';
import type { RecordSet } from '../../../dns/records.ts';
import { followedZone } from './followed-zone.ts';
import { aroundTests, connect, type Harness, type StartHarness } from './harness.ts';

const SETTINGS: OwnershipSettings = { id: 'here', prefix: '', suffix: '', wildcard: '', adopt: false };
const OURS = 'heritage=external-dns,external-dns/owner=here';
const OTHER = 'heritage=external-dns,external-dns/owner=other';

export function ownershipContract(name: string, start: StartHarness): void {
  describe(`the contract of owners: ${name}`, () => {
    let harness: Harness;
    let provider: DnsProvider;
    const { clock, ends, set } = aroundTests(start, (started, connected) => {
      harness = started;
      provider = connected;
    });

    const follow = (settings: Partial<OwnershipSettings>, ...desired: RecordSet[]) =>
      followBy(provider, settings, ...desired);
    const followBy = async (
      by: DnsProvider,
      settings: Partial<OwnershipSettings>,
      ...desired: RecordSet[]
    ) => {
      const names = [...new Set(desired.map((each) => each.name))];
      const ownership = new Ownership({ ...SETTINGS, ...settings });
      const owned = ['A', 'CNAME'] as const;
      clock.skip();
      await followedZone(harness.zone, names, { provider: by, clock, owned, ownership }).follow(desired);
    };
    /** Lines about the name or its owners. */
    const shown = async (host: string) =>
      (await harness.dump()).filter((line) => line.includes(`${host}.${harness.zone}`));
    const isThere = async (host: string, name: string, text: string) =>
      (await shown(host)).some((line) => line.startsWith(`${name} `) && line.includes(text));

    test('the owner record comes and goes with the type of the record', async () => {
      await follow({}, set('own', 'A', '192.0.2.1'));
      assert.equal((await shown('own')).length, 2);
      assert.ok(await isThere('own', `a-own.${harness.zone}`, OURS));
      await follow({}, set('own', 'A', '192.0.2.2'));
      await follow({}, set('own', 'CNAME', 'west.example.org'));
      assert.ok(await isThere('own', `cname-own.${harness.zone}`, OURS));
      assert.ok(!(await isThere('own', `a-own.${harness.zone}`, OURS)));
      assert.equal((await shown('own')).length, 2);
    });

    test('what another owner has, or nobody, stays byte for byte; the other names go on', async () => {
      await harness.meddle(set('theirs', 'A', '192.0.2.9'));
      await harness.addOther?.({ name: `a-theirs.${harness.zone}`, type: 'TXT', value: `"${OTHER}"` });
      await harness.meddle(set('nobodys', 'A', '192.0.2.9'));
      const before = await Promise.all(['theirs', 'nobodys'].map(shown));
      const desired = ['theirs', 'nobodys', 'mine'].map((host) => set(host, 'A', '192.0.2.1'));
      await assert.rejects(follow({ adopt: false }, ...desired), { kind: 'refused', code: 'not-owned' });
      assert.deepEqual(await Promise.all(['theirs', 'nobodys'].map(shown)), before);
      assert.ok(await isThere('mine', `mine.${harness.zone}`, '192.0.2.1'));

      await assert.rejects(follow({ adopt: true }, ...desired), /"other"/);
      assert.ok(await isThere('nobodys', `a-nobodys.${harness.zone}`, OURS));
      assert.ok(await isThere('nobodys', `nobodys.${harness.zone}`, '192.0.2.1'));
      assert.deepEqual(await shown('theirs'), before[0]);
    });

    test('a name whose owner can be told nowhere in the zone: refused alone, and the others go on', async () => {
      const long = set('l'.repeat(62), 'A', '192.0.2.1');
      const top = { ...long, name: harness.zone };
      await assert.rejects(follow({ adopt: true }, long, top, set('short', 'A', '192.0.2.1')), {
        kind: 'config',
        code: 'owner-name',
        names: [long.name, top.name],
      });
      assert.ok(await isThere('short', `short.${harness.zone}`, '192.0.2.1'));
      const addresses = (await harness.dump()).filter((line) => line.includes('192.0.2.1'));
      for (const { name } of [long, top])
        assert.ok(!addresses.some((line) => line.startsWith(`${name} `)), addresses.join('\n'));
    });

    test('a claim without a record is one all the same', async () => {
      await harness.addOther?.({ name: `a-claimed.${harness.zone}`, type: 'TXT', value: `"${OTHER}"` });
      await assert.rejects(follow({ adopt: true }, set('claimed', 'A', '192.0.2.1')), /belongs to "other"/);
      assert.equal((await shown('claimed')).length, 1);
    });

    test('an owner record of ours that was left behind without its record goes', async () => {
      await follow({}, set('left', 'A', '192.0.2.1'));
      await harness.addOther?.({ name: `cname-left.${harness.zone}`, type: 'TXT', value: `"${OURS}"` });
      await harness.addOther?.({ name: `aaaa-left.${harness.zone}`, type: 'TXT', value: `"${OTHER}"` });
      await follow({}, set('left', 'A', '192.0.2.1'));
      assert.ok(!(await isThere('left', `cname-left.${harness.zone}`, OURS)));
      assert.ok(await isThere('left', `a-left.${harness.zone}`, OURS));
      assert.ok(await isThere('left', `aaaa-left.${harness.zone}`, OTHER));
    });

    test('a text of others beside the owner stays as it is', async () => {
      const name = `a-noted.${harness.zone}`;
      await harness.addOther?.({ name, type: 'TXT', value: '"a note of \\"Ann\\"; keep"' });
      const before = await shown('noted');
      const notes = async () => (await shown('noted')).filter((line) => line.includes('note of'));
      if (provider.mayHarmTexts === true) {
        await assert.rejects(follow({}, set('noted', 'A', '192.0.2.1')), /where TXT records of others are/);
        return assert.deepEqual(await shown('noted'), before);
      }
      await follow({}, set('noted', 'A', '192.0.2.1'));
      assert.ok(await isThere('noted', name, OURS));
      assert.equal((await notes()).length, 1);
      await follow({}, set('noted', 'CNAME', 'west.example.org'));
      assert.ok(!(await isThere('noted', name, OURS)));
      assert.deepEqual(await notes(), before);
    });

    test('a text of several strings beside an owner hides it not, and stays as it is', async () => {
      await harness.meddle(set('cut', 'A', '192.0.2.9'));
      const name = `a-cut.${harness.zone}`;
      for (const value of ['"v=spf1 " "include:example.org " "" "-all"', `"${OTHER}"`])
        await harness.addOther?.({ name, type: 'TXT', value });
      const before = await shown('cut');
      await assert.rejects(follow({ adopt: true }, set('cut', 'A', '192.0.2.1')), /belongs to "other"/);
      assert.deepEqual(await shown('cut'), before);
    });

    test('of two that take a new name at once one has it in the end', async () => {
      const another = await connect(harness, harness.environment, { ends, clock });
      const takers = [
        { by: provider, id: 'here', address: '192.0.2.1' },
        { by: another, id: 'there', address: '192.0.2.2' },
      ];
      const round = () =>
        Promise.allSettled(
          takers.map(({ by, id, address }) => followBy(by, { id }, set('raced', 'A', address))),
        );
      let results = await round();
      const isSettled = () => {
        const refused = results.flatMap((result) =>
          result.status === 'rejected' ? [result.reason.code] : [],
        );
        return refused.length === 1 && refused[0] === 'not-owned';
      };
      for (let rounds = 1; !isSettled() && rounds < 5; rounds += 1) results = await round();
      assert.ok(isSettled(), JSON.stringify(results));
      const winner = takers[results.findIndex(({ status }) => status === 'fulfilled')];
      const addresses = (await shown('raced')).filter((line) => line.startsWith(`raced.${harness.zone} A `));
      assert.equal(addresses.length, 1, addresses.join('\n'));
      assert.ok(winner !== undefined && addresses[0]?.includes(winner.address));
    });

    test('a wildcard name has its owner under the replacement', async () => {
      await follow({ wildcard: 'any' }, set('*.deep', 'A', '192.0.2.1'));
      assert.ok(await isThere('deep', `a-any.deep.${harness.zone}`, OURS));
    });
  });
}
