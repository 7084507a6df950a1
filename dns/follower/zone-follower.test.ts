import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { followedZone } from '../../test/support/dns/followed-zone.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { subjectOf } from '../planned.ts';
import { DnsError, type DnsProvider, NOT_SAVED } from '../provider.ts';
import type { Change, Current, OtherRecords, RecordSet } from '../records.ts';
import { StoredSets } from './kept-sets.ts';

const ZONE = 'example.com';

/** Deletes first, and leaves out what `refuses` names: then it shows what it has, and says that it is not saved. */
class ForgetfulProvider implements DnsProvider {
  readonly name = 'forgetful';
  readonly driftMs = 600_000;
  sets: readonly RecordSet[];
  others: readonly OtherRecords[] = [];
  refuses: (set: RecordSet) => boolean = () => false;
  readonly writes: string[] = [];
  canSplit = false;
  refusal = new DnsError('accepted but not shown', { kind: 'retry', code: NOT_SAVED, action: 'Look.' });

  constructor(...sets: readonly RecordSet[]) {
    this.sets = sets;
  }

  read(): Promise<Current> {
    return Promise.resolve({ sets: this.sets, others: this.others });
  }

  apply(_zone: string, changes: readonly Change[]): Promise<void> {
    for (const change of changes) {
      const subject = 'current' in change ? change.current : change.desired;
      this.sets = this.sets.filter((set) => set.name !== subject.name || set.type !== subject.type);
      if (change.action === 'delete') continue;
      this.writes.push(`${change.desired.type} ${change.desired.values.join()}`);
      if (this.refuses(change.desired)) {
        return Promise.reject(this.refusal);
      }
      this.sets = [...this.sets, change.desired];
    }
    return Promise.resolve();
  }
}

const set = (type: RecordSet['type'], value: string, name = `app.${ZONE}`): RecordSet => ({
  name,
  type,
  ttl: 60,
  values: [value],
});

function following(provider: DnsProvider, ...names: string[]) {
  const clock = new VirtualClock();
  const { follow, failed } = followedZone(ZONE, names, { provider, clock, owned: ['A', 'CNAME'] });
  return { follow: (...desired: RecordSet[]) => follow(desired), failed, clock };
}

describe('a name is never left without a record', () => {
  test('what the provider drops without a word is put back as it was', async () => {
    const provider = new ForgetfulProvider(set('A', '192.0.2.1'));
    provider.refuses = ({ type }) => type === 'CNAME';
    const { follow } = following(provider, `app.${ZONE}`);
    await assert.rejects(follow(set('CNAME', 'west.example.org')), { code: NOT_SAVED });
    assert.deepEqual(provider.sets, [set('A', '192.0.2.1')]);
  });

  test('also when the answer of the first write was lost, and only a later one is refused', async () => {
    const provider = new ForgetfulProvider(set('A', '192.0.2.1'));
    const { follow } = following(provider, `app.${ZONE}`);
    await follow(set('A', '192.0.2.1'));
    provider.sets = [];
    provider.refuses = ({ type }) => type === 'CNAME';
    await assert.rejects(follow(set('CNAME', 'west.example.org')), { code: NOT_SAVED });
    assert.deepEqual(provider.sets, [set('A', '192.0.2.1')]);
  });

  test('what could not be put back is put back later, though the name itself is not tried yet', async () => {
    const provider = new ForgetfulProvider(set('A', '192.0.2.1'));
    provider.refuses = () => true;
    provider.refusal = provider.refusal.with({ kind: 'refused', names: [`app.${ZONE}`] });
    const { follow, clock } = following(provider, `app.${ZONE}`);
    for (const attempt of ['deletes', 'only creates']) {
      await assert.rejects(follow(set('CNAME', 'west.example.org')), /could not be put back/, attempt);
      assert.deepEqual(provider.sets, []);
      await clock.advance(2_000);
    }
    provider.refuses = ({ type }) => type === 'CNAME';
    const writes = provider.writes.length;
    await assert.rejects(
      follow(set('CNAME', 'west.example.org')),
      /now app\.example\.com has again what it had/,
    );
    assert.deepEqual(provider.sets, [set('A', '192.0.2.1')]);
    assert.deepEqual(provider.writes.slice(writes), ['A 192.0.2.1']);
  });

  test('also when what is desired has become impossible meanwhile, but not below a delegation', async () => {
    const provider = new ForgetfulProvider(set('A', '192.0.2.1'));
    provider.refuses = () => true;
    const { follow, clock } = following(provider, `app.${ZONE}`);
    await assert.rejects(follow(set('CNAME', 'west.example.org')), /could not be put back/);
    provider.refuses = () => false;
    provider.others = [{ name: `app.${ZONE}`, type: 'NS' }];
    await assert.rejects(follow(set('CNAME', 'west.example.org')), { code: 'delegated' });
    assert.deepEqual(provider.sets, []);
    provider.others = [{ name: `app.${ZONE}`, type: 'TXT' }];
    await clock.advance(600_000);
    await assert.rejects(follow(set('CNAME', 'west.example.org')), { code: 'cname-beside' });
    assert.deepEqual(provider.sets, [set('A', '192.0.2.1')]);
  });

  test('what was refused after the deletion and put back is not deleted again soon', async () => {
    const provider = new ForgetfulProvider(set('A', '192.0.2.1'));
    provider.refuses = ({ type }) => type === 'CNAME';
    provider.refusal = new DnsError('not authorised', {
      kind: 'config',
      action: 'Look.',
      retryAfterMs: 60_000,
    });
    const { follow, clock } = following(provider, `app.${ZONE}`);
    await assert.rejects(follow(set('CNAME', 'west.example.org')), /has again what it had before/);
    const writes = provider.writes.length;
    await clock.advance(59_000);
    await assert.rejects(follow(set('CNAME', 'west.example.org')));
    assert.equal(provider.writes.length, writes);
    await clock.advance(2_000);
    await assert.rejects(follow(set('CNAME', 'west.example.org')));
    assert.ok(provider.writes.length > writes);
  });

  test('nothing is deleted before it is stored what was there', async () => {
    const provider = new ForgetfulProvider(set('A', '192.0.2.1'));
    const clock = new VirtualClock();
    const kept = new StoredSets({
      memory: undefined,
      names: [`app.${ZONE}`],
      onChange: () => undefined,
      save: () => Promise.reject(new Error('the API server is away')),
    });
    const options = { provider, clock, owned: ['A', 'CNAME'] as const, kept };
    const zone = followedZone(ZONE, [`app.${ZONE}`], options);
    await assert.rejects(zone.follow([set('CNAME', 'west.example.org')]), { code: 'not-kept' });
    assert.deepEqual([provider.sets, provider.writes], [[set('A', '192.0.2.1')], []]);
  });

  test('that it could not be put back is said with the names', async () => {
    const provider = new ForgetfulProvider(set('A', '192.0.2.1'));
    provider.refuses = () => true;
    const { follow } = following(provider, `app.${ZONE}`);
    await assert.rejects(
      follow(set('CNAME', 'west.example.org')),
      /app\.example\.com .*could not be put back/,
    );
  });
});

describe('what cannot be written', () => {
  test('a name whose change is refused does not keep another one from its own', async () => {
    const [bad, good] = [`bad.${ZONE}`, `good.${ZONE}`];
    const provider = new ForgetfulProvider(set('A', '192.0.2.1', bad), set('A', '192.0.2.1', good));
    const apply = provider.apply.bind(provider);
    provider.canSplit = true;
    provider.apply = (zone, changes) =>
      changes.some((change) => subjectOf(change).name === bad)
        ? Promise.reject(new DnsError('not this one', { kind: 'refused', action: 'Look.' }))
        : apply(zone, changes);
    const { follow } = following(provider, bad, good);
    await assert.rejects(follow(set('A', '192.0.2.2', bad), set('A', '192.0.2.2', good)), {
      kind: 'refused',
    });
    assert.deepEqual(
      provider.sets.map(({ name, values }) => `${name} ${values.join()}`),
      [`${bad} 192.0.2.1`, `${good} 192.0.2.2`],
    );
  });

  test('a CNAME that stands beside others already is changed: the provider bears it', async () => {
    const provider = new ForgetfulProvider(set('CNAME', 'east.example.org'));
    provider.others = [{ name: `app.${ZONE}`, type: 'TXT' }];
    await following(provider, `app.${ZONE}`).follow(set('CNAME', 'west.example.org'));
    assert.deepEqual(provider.sets, [set('CNAME', 'west.example.org')]);
  });

  test('what a signed zone has beside a record is no obstacle', async () => {
    const provider = new ForgetfulProvider(set('A', '192.0.2.1'));
    provider.others = ['RRSIG', 'NSEC'].map((type) => ({ name: `app.${ZONE}`, type }));
    await following(provider, `app.${ZONE}`).follow(set('CNAME', 'west.example.org'));
    assert.deepEqual(provider.sets, [set('CNAME', 'west.example.org')]);
  });

  test('the name servers of the zone itself delegate nothing', async () => {
    const provider = new ForgetfulProvider();
    provider.others = [{ name: ZONE, type: 'NS' }];
    await following(provider, `app.${ZONE}`).follow(set('A', '192.0.2.1'));
    assert.deepEqual(provider.sets, [set('A', '192.0.2.1')]);
  });

  test('a name below two delegations belongs to the upper one; its error is shown at it alone', async () => {
    const names = [`a.b.dev.${ZONE}`, `app.${ZONE}`];
    const provider = new ForgetfulProvider();
    provider.others = [`b.dev.${ZONE}`, `dev.${ZONE}`].map((name) => ({ name, type: 'NS' }));
    const { follow, failed } = following(provider, ...names);
    const desired = names.map((name) => set('A', '192.0.2.1', name));
    await assert.rejects(follow(...desired), {
      code: 'delegated',
      action: /a\.b\.dev\.example\.com@dev\.example\.com /,
    });
    assert.deepEqual(failed(), [`a.b.dev.${ZONE}`]);
    assert.deepEqual(provider.sets, [set('A', '192.0.2.1')]);
  });
});
