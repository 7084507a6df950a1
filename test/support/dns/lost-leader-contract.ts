/** What is promised of a name when a leader is lost in the middle of its change, as tests on a harness. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sameRecordSet } from '../../../dns/plan.ts';
import { DnsError, type DnsProvider } from '../../../dns/provider.ts';
import type { Change, RecordSet, WrittenType } from '../../../dns/records.ts';
import { followedZone } from './followed-zone.ts';
import { aroundTests, type Harness, type StartHarness } from './harness.ts';
import { KeptInMemory } from './kept-in-memory.ts';

const { signal: abort } = new AbortController();

type Apply = DnsProvider['apply'];

/** Each change to `desired` becomes the deletion of what was there, and then `onEmptied`, which throws. */
function halving(provider: DnsProvider, desired: RecordSet, onEmptied: () => never): DnsProvider {
  const apply: Apply = async (zone, changes, guard) => {
    if (!changes.some((change) => change.action !== 'delete' && sameRecordSet(change.desired, desired)))
      return provider.apply(zone, changes, guard);
    const deletions = changes.flatMap((change): Change<WrittenType>[] =>
      'current' in change ? [{ action: 'delete', current: change.current }] : [],
    );
    if (deletions.length > 0) await provider.apply(zone, deletions, guard);
    return onEmptied();
  };
  const { name, driftMs, appliesInPart = false } = provider;
  return { name, driftMs, appliesInPart, read: (query) => provider.read(query), apply };
}

export function lostLeaderContract(name: string, start: StartHarness): void {
  describe(`the contract of a lost leader: ${name}`, () => {
    let harness: Harness;
    let provider: DnsProvider;
    const { clock, set } = aroundTests(start, (started, connected) => {
      harness = started;
      provider = connected;
    });

    const shown = async ({ name: own }: RecordSet): Promise<readonly string[]> => {
      const { sets } = await provider.read({ zone: harness.zone, names: [own], abort });
      return sets.map(({ type, values }) => `${type} ${values.join()}`);
    };

    /** What comes of it when one leader is lost after it has deleted, and its successor cannot write `desired` either. */
    const change = async (before: RecordSet, desired: RecordSet) => {
      const names = [before.name];
      const kept = new KeptInMemory(names);
      const options = { clock, owned: ['A', 'CNAME'] as const };
      const first = { ...before, values: ['192.0.2.9'] };
      await followedZone(harness.zone, names, { ...options, provider }).follow([first]);
      await harness.meddle(before);
      assert.deepEqual(await shown(before), [`${before.type} ${before.values.join()}`]);

      const lease = new AbortController();
      const leadership = {
        term: 1,
        abort: lease.signal,
        isLeader: () => !lease.signal.aborted,
        confirm: () => Promise.resolve(1),
      };
      const dying = halving(provider, desired, () => {
        lease.abort(new Error('killed'));
        throw lease.signal.reason;
      });
      const lost = followedZone(harness.zone, names, {
        ...options,
        provider: dying,
        kept: kept.open(),
        leadership,
      });
      clock.skip();
      const failure: unknown = await lost.follow([desired]).then(
        () => undefined,
        (error: unknown) => error,
      );
      const left = await shown(before);
      if (left.length > 0) {
        // The provider itself makes no change that leaves a name empty.
        assert.match(String(failure), /would be left without an address/);
        return undefined;
      }

      const refusing = halving(provider, desired, () => {
        throw new DnsError('it is refused', { kind: 'refused', action: 'Nothing.' });
      });
      const successor = followedZone(harness.zone, names, {
        ...options,
        provider: refusing,
        kept: kept.open(),
      });
      clock.skip();
      await assert.rejects(successor.follow([desired]), /it is refused; .* has again what it had before/);
      assert.deepEqual(await shown(before), [`${before.type} ${before.values.join()}`]);
      return { kept, names };
    };

    test('the type of a record changes: the next leader puts back what was there', async () => {
      await change(set('lost', 'A', '192.0.2.1'), set('lost', 'CNAME', 'west.example.org'));
    });

    test('nothing is kept once the name is as desired', async (t) => {
      const desired = set('settled', 'CNAME', 'west.example.org');
      const changed = await change(set('settled', 'A', '192.0.2.1'), desired);
      if (changed === undefined) return t.skip('no name is ever emptied');
      const { kept, names } = changed;
      const sets = kept.open();
      const zone = followedZone(harness.zone, names, { provider, clock, owned: ['A', 'CNAME'], kept: sets });
      clock.skip();
      await zone.follow([desired]);
      assert.deepEqual([await shown(desired), sets.of(desired.name)], [['CNAME west.example.org'], []]);
    });

    test('an address changes where a call may be made in part: the next leader puts back what was there', async (t) => {
      if (provider.appliesInPart !== true) return t.skip('all of a call is made, or nothing');
      await change(set('moved', 'A', '192.0.2.1'), set('moved', 'A', '192.0.2.2'));
    });
  });
}
