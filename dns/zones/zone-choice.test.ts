import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { DnsError, type DnsProvider } from '../provider.ts';
import { parseRecords } from '../zones.ts';
import { ZoneChoice } from './zone-choice.ts';

const { signal: abort } = new AbortController();

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
  let changes = 0;
  const choice = new ZoneChoice(provider, parseRecords(items).records, clock, () => {
    changes += 1;
  });
  return {
    clock,
    choice,
    asked: () => asked,
    changes: () => changes,
    zones: async () => Object.fromEntries((await choice.choose(abort)).namesByZone),
    held: async () => (await choice.choose(abort)).held,
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

test('before the first answer a name waits that may be in a longer zone; others do not', async () => {
  let answer = () =>
    Promise.reject<readonly string[]>(new DnsError('oops', { kind: 'retry', action: 'Wait.' }));
  const { choice } = choosing(['app.dev.example.com', 'example.com', 'b.example.org@example.org'], () =>
    answer(),
  );
  const { namesByZone, held } = await choice.choose(abort);
  assert.deepEqual(Object.fromEntries(namesByZone), {
    'example.com': ['example.com'],
    'example.org': ['b.example.org'],
  });
  assert.deepEqual(
    held.map(({ zone, names }) => [zone, names]),
    [['example.com', ['app.dev.example.com']]],
  );
  assert.match(held[0]?.error.message ?? '', /app\.dev\.example\.com: oops/);
  answer = () => Promise.resolve(['example.com', 'dev.example.com']);
  const later = await choice.choose(abort);
  assert.deepEqual(later.held, []);
  assert.deepEqual(later.namesByZone.get('dev.example.com'), ['app.dev.example.com']);
});

test('it is asked again when the provider takes calls again, and after a time limit', async () => {
  let answer = () =>
    Promise.reject<readonly string[]>(
      new DnsError('wait', { kind: 'rate', action: '', retryAfterMs: 30_000 }),
    );
  const { held, asked, clock } = choosing(['app.dev.example.com'], () => answer());
  assert.equal((await held())[0]?.error.kind, 'rate');
  assert.equal((await held()).length, 1);
  assert.equal(asked(), 1);
  answer = () => new Promise(() => undefined);
  await clock.advance(30_000);
  const asking = held();
  await clock.advance(300);
  assert.equal((await asking)[0]?.error.kind, 'rate');
  const again = held();
  await clock.advance(59_700);
  assert.equal((await again)[0]?.error.kind, 'rate');
  assert.equal(asked(), 2);
  const later = held();
  await clock.advance(300);
  assert.equal((await later)[0]?.error.code, 'timeout');
  assert.equal(asked(), 3);
});

test('the zones of one registered name cannot be listed: those of another one can', async () => {
  const clock = new VirtualClock();
  const provider: DnsProvider = {
    name: 'fake',
    driftMs: 60_000,
    zonesWithin: (zone) =>
      zone === 'example.com'
        ? Promise.reject(new DnsError('no', { kind: 'retry', action: '' }))
        : Promise.resolve([`dev.${zone}`]),
    read: () => Promise.reject(new Error('not asked for')),
    apply: () => Promise.reject(new Error('not asked for')),
  };
  const { records } = parseRecords(['app.dev.example.com', 'app.dev.example.net']);
  const { namesByZone, held } = await new ZoneChoice(provider, records, clock, () => undefined).choose(abort);
  assert.deepEqual([...namesByZone], [['dev.example.net', ['app.dev.example.net']]]);
  assert.deepEqual(held[0]?.names, ['app.dev.example.com']);
});

test('a list that is due again, and does not come, keeps nobody waiting, and counts when it is there', async () => {
  const { promise: list, resolve: answer } = Promise.withResolvers<readonly string[]>();
  let answering = () => Promise.resolve<readonly string[]>(['example.com']);
  const { zones, clock, changes } = choosing(['app.dev.example.com'], () => answering());
  await zones();
  answering = () => list;
  await clock.advance(601_000);
  const choosingAgain = zones();
  await clock.advance(300);
  assert.deepEqual(Object.keys(await choosingAgain), ['example.com']);
  assert.equal(changes(), 0);
  answer(['example.com', 'dev.example.com']);
  await clock.advance(0);
  assert.equal(changes(), 1);
  assert.deepEqual(Object.keys(await zones()), ['dev.example.com']);
  assert.equal(clock.pending, 0);
});

test('a first answer that waits for its turn is waited for once, goes on, and tells when it is there', async () => {
  const { promise: list, resolve: answer } = Promise.withResolvers<readonly string[]>();
  const { held, zones, clock, changes, asked } = choosing(['app.dev.example.com'], () => list);
  const first = held();
  await clock.advance(5_000);
  const [waiting] = await first;
  assert.equal(waiting?.error.code, 'waiting');
  assert.doesNotMatch(waiting.error.message, /no answer/);
  const second = held();
  await clock.advance(300);
  assert.equal((await second).length, 1);
  await clock.advance(30_000);
  assert.equal(changes(), 0);
  answer(['example.com']);
  await clock.advance(0);
  assert.equal(changes(), 1);
  assert.deepEqual(Object.keys(await zones()), ['example.com']);
  assert.equal(asked(), 1);
  assert.equal(clock.pending, 0);
});

test('one that stops to lead asks nobody, and the next one asks anew', async () => {
  let answering = () => new Promise<readonly string[]>(() => undefined);
  const { choice, zones, asked } = choosing(['app.dev.example.com'], () => answering());
  const leading = new AbortController();
  const first = choice.choose(leading.signal);
  leading.abort(new Error('leadership lost'));
  await assert.rejects(first, /leadership lost/);
  answering = () => Promise.resolve(['dev.example.com']);
  assert.deepEqual(Object.keys(await zones()), ['dev.example.com']);
  assert.equal(asked(), 2);
});
