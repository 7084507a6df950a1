import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KeptInMemory } from '../../test/support/dns/kept-in-memory.ts';
import { DnsError } from '../provider.ts';
import type { RecordSet } from '../records.ts';
import { StoredSets } from './kept-sets.ts';

const APP = 'app.example.com';
const { signal: abort } = new AbortController();
const LEADERSHIP = { term: 1, abort, isLeader: () => true, confirm: () => Promise.resolve(1) };
const address: RecordSet = { name: APP, type: 'A', ttl: 60, values: ['192.0.2.1', '192.0.2.2'] };

describe('what stood at a name before a write', () => {
  test('is known to the next leader, until the name has records again', async () => {
    const kept = new KeptInMemory([APP]);
    const sets = kept.open();
    const six: RecordSet = { name: APP, type: 'AAAA', ttl: 60, values: ['2001:db8::1'] };
    await sets.keep([address, six], LEADERSHIP);
    assert.deepEqual(kept.open().of(APP), [address, six]);
    sets.release([APP]);
    assert.deepEqual(sets.of(APP), []);
  });

  test('is taken over for followed names only, and nothing of what somebody made of it', () => {
    const memory = {
      [APP]: ['A 60 192.0.2.1', 'A 60 $(reboot)', 'TXT 60 x', 'A -1 192.0.2.1', 'A 60', 'CNAME 60 -x', ''],
      'other.example.com': ['A 60 192.0.2.9'],
    };
    const open = (stored: unknown) =>
      new StoredSets({
        memory: stored,
        names: [APP],
        onChange: () => undefined,
        save: async () => undefined,
      });
    assert.deepEqual(open(memory).of(APP), [{ ...address, values: ['192.0.2.1'] }]);
    assert.deepEqual(open(memory).of('other.example.com'), []);
    for (const stored of [undefined, null, 'x', [], { [APP]: 'A 60 192.0.2.1' }, { [APP]: [1] }])
      assert.deepEqual(open(stored).of(APP), [], JSON.stringify(stored));
  });

  test('that cannot be stored is an error with the name, and is forgotten', async () => {
    const memories: unknown[] = [];
    const sets = new StoredSets({
      memory: undefined,
      names: [APP],
      onChange: (memory) => memories.push(memory),
      save: () => Promise.reject(new Error('the API server is away')),
    });
    await assert.rejects(sets.keep([address], LEADERSHIP), (error: unknown) => {
      assert.ok(error instanceof DnsError);
      assert.deepEqual([error.kind, error.code], ['retry', 'not-kept']);
      assert.match(error.message, /^app\.example\.com was not written .*the API server is away/);
      return true;
    });
    assert.deepEqual([sets.of(APP), memories.at(-1)], [[], {}]);
  });

  test('is bounded in bytes, however many names are written at a time', async () => {
    const names = Array.from({ length: 4_000 }, (_, index) => `host-${index}.example.com`);
    const kept = new KeptInMemory(names);
    const all = names.map((name) => ({ ...address, name }));
    const sets = kept.open();
    await assert.rejects(sets.keep(all, LEADERSHIP), /and 3999 more was not written .*too many names/);
    await sets.keep(all.slice(0, 1_000), LEADERSHIP);
    assert.ok(kept.stored.length < 100_000, `${kept.stored.length} bytes`);
  });
});
