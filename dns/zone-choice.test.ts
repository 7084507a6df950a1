import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { DnsError, type DnsProvider } from './provider.ts';
import { ZoneChoice } from './zone-choice.ts';
import { parseRecords } from './zones.ts';

const { signal } = new AbortController();

function choosing(items: readonly string[], answer: () => Promise<readonly string[]>) {
  const clock = new VirtualClock();
  let asked = 0;
  const provider: DnsProvider = {
    name: 'fake',
    driftMs: 60_000,
    zonesWithin: () => {
      asked += 1;
      return answer();
    },
    read: () => Promise.reject(new Error('not asked for')),
    apply: () => Promise.reject(new Error('not asked for')),
  };
  const choice = new ZoneChoice(provider, parseRecords(items).records, clock);
  return {
    clock,
    choice,
    asked: () => asked,
    zones: async () => Object.fromEntries(await choice.namesByZone(signal)),
  };
}

test('the longest zone that the provider has, and nothing else where the user wrote one', async () => {
  const { zones } = choosing(
    ['app.dev.example.com', 'www.example.com', 'notdev.example.com', 'db.dev.example.com@example.com'],
    () => Promise.resolve(['example.com', 'dev.example.com', 'v.example.com', 'a.dev.example.com']),
  );
  assert.deepEqual(await zones(), {
    'dev.example.com': ['app.dev.example.com'],
    'example.com': ['www.example.com', 'notdev.example.com', 'db.dev.example.com'],
  });
});

test('none of them: what was registered, and the read tells that it is not there', async () => {
  const { zones } = choosing(['app.dev.example.com'], () => Promise.resolve([]));
  assert.deepEqual(await zones(), { 'example.com': ['app.dev.example.com'] });
});

test('nobody is asked when each zone is written', async () => {
  const { zones, asked } = choosing(['a.example.com@example.com'], () => Promise.resolve([]));
  await zones();
  assert.equal(asked(), 0);
});

test('asked once in ten minutes, and in one when something is wrong', async () => {
  let there = ['example.com'];
  const { zones, asked, clock, choice } = choosing(['app.dev.example.com'], () => Promise.resolve(there));
  await zones();
  there = ['example.com', 'dev.example.com'];
  await clock.advance(590_000);
  assert.deepEqual(Object.keys(await zones()), ['example.com']);
  assert.equal(asked(), 1);
  choice.noteFailure();
  assert.deepEqual(Object.keys(await zones()), ['dev.example.com']);
  choice.noteFailure();
  await zones();
  assert.equal(asked(), 2);
});

test('while the provider does not answer, the last choice stands', async () => {
  let answer = () => Promise.resolve(['dev.example.com']);
  const { zones, clock } = choosing(['app.dev.example.com'], () => answer());
  await zones();
  answer = () => Promise.reject(new DnsError('no', { kind: 'rate', action: 'Wait.' }));
  await clock.advance(700_000);
  assert.deepEqual(Object.keys(await zones()), ['dev.example.com']);
});
