import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DnsError } from '../provider.ts';
import { type NameChanges, separate } from './separate.ts';

const names = (count: number) => Array.from({ length: count }, (_, index) => `host-${index}.example.com`);

function partOf(name: string): NameChanges {
  const set = { name, type: 'A', ttl: 60, values: ['192.0.2.1'] } as const;
  return { name, changes: [{ action: 'create', desired: set }] };
}

interface Scene {
  readonly bad: readonly string[];
  readonly isNamed?: boolean;
  readonly failing?: (call: number) => unknown;
}

/** A provider that refuses a call as a whole when one of `bad` is in it. */
async function separating(
  all: readonly string[],
  { bad, isNamed = false, failing = () => undefined }: Scene,
) {
  const calls: number[] = [];
  const made: string[] = [];
  const { refused, undecided } = await separate(all.map(partOf), {
    isAboutNames: ({ scope }) => scope === 'names',
    send: (parts) => {
      calls.push(parts.length);
      const wrong = parts.map(({ name }) => name).filter((name) => bad.includes(name));
      const error =
        failing(calls.length) ??
        (wrong.length === 0
          ? undefined
          : new DnsError('no', {
              kind: 'refused',
              action: 'Look.',
              ...(isNamed && { names: wrong.slice(0, 1) }),
            }));
      if (error !== undefined) return Promise.resolve({ left: parts, error });
      made.push(...parts.map(({ name }) => name));
      return Promise.resolve({ left: [] });
    },
  });
  return { calls, made, refused: [...refused.keys()], undecided: [...undecided.keys()], errors: refused };
}

test('an error about a name is not that of the name whose owner record is there', async () => {
  const first = 'a-b.example.com';
  const second = 'b.example.com';
  const owner = { name: first, type: 'TXT', ttl: 60, values: ['x'] } as const;
  const parts = [
    partOf(first),
    { name: second, changes: [...partOf(second).changes, { action: 'create', desired: owner } as const] },
  ];
  const { refused } = await separate(parts, {
    isAboutNames: () => true,
    send: (left) => {
      const isBad = left.some(({ name }) => name === first);
      const error = new DnsError('no', { kind: 'refused', action: 'Look.', names: [first] });
      return Promise.resolve(isBad ? { left, error } : { left: [] });
    },
  });
  assert.deepEqual([...refused.keys()], [first]);
});

describe('a thousand names', () => {
  test('none is refused: one call', async () => {
    assert.deepEqual((await separating(names(1_000), { bad: [] })).calls, [1_000]);
  });

  test('one that the error names: all others in one more call', async () => {
    const { calls, refused } = await separating(names(1_000), {
      bad: ['host-7.example.com'],
      isNamed: true,
    });
    assert.deepEqual([calls, refused], [[1_000, 999], ['host-7.example.com']]);
  });

  for (const at of [0, 20, 333, 500, 999]) {
    test(`one at ${at} that it does not name: found in about log2, each other made once, half of them by the third call`, async () => {
      const bad = [`host-${at}.example.com`];
      const { calls, made, refused, undecided, errors } = await separating(names(1_000), { bad });
      assert.deepEqual([refused, undecided], [bad, []]);
      assert.equal(made.length, 999);
      assert.equal(new Set(made).size, 999);
      assert.ok(calls.length <= 21, `${calls.length} calls`);
      assert.ok(calls.slice(0, 3).includes(500));
      assert.deepEqual(errors.get(bad[0] ?? '')?.names, bad);
    });
  }

  test('five of them: about five times as many', async () => {
    const bad = [3, 250, 251, 600, 998].map((index) => `host-${index}.example.com`);
    const { calls, made, refused, undecided } = await separating(names(1_000), { bad });
    assert.deepEqual([refused.toSorted(), undecided], [bad.toSorted(), []]);
    assert.equal(made.length, 995);
    assert.ok(calls.length <= 70, `${calls.length} calls`);
  });

  test('all of them: a few calls, which still find some, and the rest is not decided', async () => {
    const all = names(1_000);
    const { calls, refused, undecided } = await separating(all, { bad: all });
    assert.ok(calls.length <= 30, `${calls.length} calls`);
    assert.ok(refused.length >= 5, `${refused.length} found`);
    assert.equal(refused.length + undecided.length, 1_000);
  });
});

test('what is wrong with the zone is not searched for', async () => {
  const error = new DnsError('bad key', { kind: 'config', action: 'Check the key.' });
  const { calls, undecided, refused } = await separating(names(100), { bad: [], failing: () => error });
  assert.deepEqual([calls, undecided.length, refused], [[100], 100, []]);
});

test('the rate limit ends a search; what was found stays found', async () => {
  const limit = new DnsError('wait', { kind: 'rate', action: 'Wait.', retryAfterMs: 1_000 });
  const bad = ['host-0.example.com'];
  const failing = (call: number) => (call > 2 ? limit : undefined);
  const { calls, made, undecided } = await separating(names(4), { bad, failing });
  assert.deepEqual(calls, [4, 2, 2]);
  assert.deepEqual(made, []);
  assert.equal(undecided.length, 4);
});

test('what ends all work is thrown', async () => {
  const stop = new Error('superseded');
  const send = () => Promise.reject(stop);
  await assert.rejects(separate(names(2).map(partOf), { send, isAboutNames: () => true }), stop);
});
