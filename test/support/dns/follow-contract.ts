/** What is promised of a zone that is followed through any provider, as tests on a harness. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DnsError, type DnsProvider } from '../../../dns/provider.ts';
import type { ServerAnswer } from '../../../dns/records/authoritative.ts';
import type { RecordSet } from '../../../dns/records.ts';
import { followedZone } from './followed-zone.ts';
import { aroundTests, type Harness, REFUSED_HOSTS, type StartHarness } from './harness.ts';

const { signal: abort } = new AbortController();

/** What it comes to, again and again until the end. */
async function watch<T>(look: () => Promise<T>, end: AbortSignal): Promise<readonly T[]> {
  const seen: T[] = [];
  while (!end.aborted) seen.push(await look());
  return seen;
}

/** Deletes what a change to a CNAME deletes, where the provider does such a thing, and then fails; all else is made. */
function halving(provider: DnsProvider, error: DnsError) {
  let emptied = 0;
  const apply: DnsProvider['apply'] = async (zone, changes, guard) => {
    const isWhole = !changes.some((change) => change.action === 'create' && change.desired.type === 'CNAME');
    if (isWhole) return provider.apply(zone, changes, guard);
    const deletions = changes.filter(({ action }) => action === 'delete');
    await provider.apply(zone, deletions, guard);
    emptied += 1;
    throw error;
  };
  const read: DnsProvider['read'] = (...args) => provider.read(...args);
  return { name: provider.name, driftMs: provider.driftMs, read, apply, emptied: () => emptied };
}

export function followContract(name: string, start: StartHarness): void {
  describe(`the contract of a followed zone: ${name}`, () => {
    let harness: Harness;
    let provider: DnsProvider;
    const { clock, set } = aroundTests(start, (started, connected) => {
      harness = started;
      provider = connected;
    });

    /** What the zone comes to when `desired` is followed, and why not. */
    const follow = async (...desired: RecordSet[]) => {
      const names = [...new Set(desired.map((each) => each.name))];
      const zone = followedZone(harness.zone, names, { provider, clock, owned: ['A', 'CNAME'] });
      clock.skip();
      const error: unknown = await zone.follow(desired).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      assert.ok(error === undefined || error instanceof DnsError, String(error));
      return { error, failed: zone.failed(), errors: zone.errors() };
    };
    const shown = async (host: string): Promise<readonly string[]> => {
      const { sets } = await provider.read({ zone: harness.zone, names: [set(host, 'A', '').name], abort });
      return sets.map(({ type, values }) => `${type} ${values.join()}`);
    };

    test('from an address to a CNAME, to another one and back', async () => {
      for (const desired of [
        set('swap', 'A', '192.0.2.1'),
        set('swap', 'CNAME', 'west.example.org'),
        set('swap', 'CNAME', 'east.example.org'),
        // moto takes no creation that it has had before while there is a set of that type.
        set('swap', 'CNAME', 'north.example.org'),
        set('swap', 'A', '192.0.2.2'),
      ]) {
        const { error } = await follow(desired);
        assert.equal(error, undefined, error?.message);
        assert.deepEqual(await shown('swap'), [`${desired.type} ${desired.values.join()}`]);
      }
    });

    test('a CNAME beside other records: refused before anything is written, and the rest goes on', async (t) => {
      if (harness.addOther === undefined) return t.skip('the provider does not see records of others');
      await follow(set('both', 'A', '192.0.2.1'), set('alone', 'A', '192.0.2.1'));
      await harness.addOther({ name: `both.${harness.zone}`, type: 'TXT', value: '"v=spf1 -all"' });
      const desired = [set('both', 'CNAME', 'west.example.org'), set('alone', 'CNAME', 'west.example.org')];
      for (const attempt of ['first', 'second']) {
        const { error, failed } = await follow(...desired);
        assert.deepEqual(await shown('alone'), ['CNAME west.example.org'], attempt);
        if (provider.flattensCname === true) {
          assert.equal(error, undefined);
          assert.deepEqual(await shown('both'), ['CNAME west.example.org']);
          continue;
        }
        assert.deepEqual(await shown('both'), ['A 192.0.2.1'], attempt);
        assert.deepEqual([error?.kind, error?.code], ['refused', 'cname-beside'], error?.message);
        assert.match(error?.message ?? '', /TXT/);
        assert.deepEqual(failed, [`both.${harness.zone}`]);
      }
    });

    test('a CNAME beside records of any type: they stay, and the address is never gone', async (t) => {
      const { rare, ask } = harness;
      if (rare === undefined || ask === undefined) return t.skip('the peer has no other types');
      for (const type of rare.types) {
        const own = set(`beside-${type.toLowerCase()}`, 'A', '192.0.2.1');
        await follow(own);
        await rare.add(own.name, type);
        const before = await harness.dump();
        const move = new AbortController();
        const answers: Promise<readonly (readonly ServerAnswer[])[]> = watch(
          () => ask({ zone: harness.zone, name: own.name, type: 'A', abort }),
          move.signal,
        );
        for (const attempt of ['first', 'second']) {
          const { error } = await follow({ ...own, type: 'CNAME', values: ['west.example.org'] });
          assert.deepEqual([error?.kind, error?.code], ['refused', 'cname-beside'], error?.message);
          assert.deepEqual(error?.names, [own.name]);
          assert.deepEqual(await harness.dump(), before, `${type}, ${attempt} attempt`);
        }
        move.abort();
        const texts = (await answers).flatMap(([answer]) => answer?.values?.join() ?? []);
        assert.deepEqual(new Set(texts), new Set(['192.0.2.1']), type);
      }
    });

    for (const kind of ['retry', 'config', 'refused', 'conflict'] as const) {
      test(`a write that fails (${kind}) after it has deleted: the address is put back, and not gone again at once`, async () => {
        const { name } = set(`halved-${kind}`, 'A', '');
        const halved = halving(provider, new DnsError('half done', { kind, action: 'Nothing.' }));
        const zone = followedZone(harness.zone, [name], { provider: halved, clock, owned: ['A', 'CNAME'] });
        await follow(set(`halved-${kind}`, 'A', '192.0.2.9'));
        const move = () => assert.rejects(zone.follow([set(`halved-${kind}`, 'CNAME', 'west.example.org')]));
        for (const value of ['192.0.2.1', '192.0.2.2']) {
          await harness.meddle(set(`halved-${kind}`, 'A', value));
          clock.skip();
          await move();
          assert.deepEqual(await shown(`halved-${kind}`), [`A ${value}`]);
        }
        const before = halved.emptied();
        await move();
        assert.equal(halved.emptied(), before);
      });
    }

    test('names that are refused: each with its own error, and all others are written', async (t) => {
      if (harness.refuse === undefined && harness.addOther === undefined)
        return t.skip('the provider refuses no name by itself');
      const hosts = ['first', REFUSED_HOSTS[0], 'middle', REFUSED_HOSTS[1], 'last'];
      const refused = REFUSED_HOSTS.map((host) => `${host}.${harness.zone}`);
      for (const host of hosts) await harness.meddle(set(host, 'A', '192.0.2.1'));
      for (const name of refused)
        await (harness.refuse?.(name) ?? harness.addOther?.({ name, type: 'TXT', value: '"beside"' }));
      const before = await Promise.all(REFUSED_HOSTS.map(shown));
      // Without a record that is refused by itself: nothing stands beside a CNAME.
      const [type, value] =
        harness.refuse === undefined
          ? (['CNAME', 'west.example.org'] as const)
          : (['A', '192.0.2.2'] as const);
      for (const attempt of ['first', 'second']) {
        const { failed, errors } = await follow(...hosts.map((host) => set(host, type, value)));
        for (const host of ['first', 'middle', 'last'])
          assert.deepEqual(await shown(host), [`${type} ${value}`], `${host}, ${attempt} attempt`);
        assert.deepEqual(failed.toSorted(), refused.toSorted(), attempt);
        for (const { name, text, action } of errors) {
          assert.ok(text.includes(name), text);
          assert.notEqual(action, '');
        }
      }
      assert.deepEqual(await Promise.all(REFUSED_HOSTS.map(shown)), before);
    });

    test('a CNAME at the top of the zone: flattened, or refused while the address stays', async () => {
      await follow(set('@', 'A', '192.0.2.1'));
      const { error } = await follow(set('@', 'CNAME', 'west.example.org'));
      if (provider.flattensCname === true) {
        assert.deepEqual(await shown('@'), ['CNAME west.example.org']);
      } else {
        assert.deepEqual(await shown('@'), ['A 192.0.2.1']);
        assert.equal(error?.code, 'cname-at-apex', error?.message);
      }
      await follow(set('@', 'A', '192.0.2.1'));
    });

    test('a name below a DNAME: refused, nothing is written out of sight, and the rest goes on', async (t) => {
      if (harness.rare === undefined) return t.skip('the peer has no such records');
      await harness.rare.add(`redirected.${harness.zone}`, 'DNAME');
      const below = set('app.redirected', 'A', '192.0.2.1');
      const { error, failed } = await follow(below, set('aside', 'A', '192.0.2.1'));
      assert.deepEqual(await shown('aside'), ['A 192.0.2.1']);
      assert.deepEqual([error?.kind, error?.code], ['config', 'redirected'], error?.message);
      assert.match(error?.action ?? '', new RegExp(`DNAME record of redirected\\.${harness.zone}`));
      assert.deepEqual(failed, [below.name]);
      assert.deepEqual(
        (await harness.dump()).filter((line) => line.startsWith(below.name)),
        [],
      );
    });

    test('a name below a delegation: refused with the zone to write, and the rest goes on', async (t) => {
      if (harness.addOther === undefined) return t.skip('the provider does not see records of others');
      await harness.addOther({ name: `dev.${harness.zone}`, type: 'NS', value: 'ns1.example.org.' });
      const below = [set('app.dev', 'A', '192.0.2.1'), set('dev', 'A', '192.0.2.1')];
      const { error, failed } = await follow(...below, set('beside', 'A', '192.0.2.1'));
      assert.deepEqual(await shown('beside'), ['A 192.0.2.1']);
      assert.deepEqual([error?.kind, error?.code], ['config', 'delegated'], error?.message);
      assert.match(error?.action ?? '', new RegExp(`@dev\\.${harness.zone.replaceAll('.', '\\.')}`));
      assert.deepEqual(failed.toSorted(), below.map((each) => each.name).toSorted());
      const written = (await harness.dump()).filter((line) => line.includes('192.0.2.1'));
      assert.deepEqual(
        written.filter((line) => line.includes(`dev.${harness.zone}`)),
        [],
      );
    });
  });
}
