/** What becomes of a write that is under way when other names come to be in the zone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeptInMemory } from '../../test/support/dns/kept-in-memory.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import type { DnsProvider, WriteGuard } from '../provider.ts';
import { RecordStatuses } from './record-status.ts';
import { ZoneGroup } from './zone-group.ts';

const { signal: abort } = new AbortController();
const LEADERSHIP = { term: 1, abort, isLeader: () => true, confirm: () => Promise.resolve(1) };
const APEX = 'example.com';
const NESTED = 'dev.example.com';
const RECORDS = [`a.${APEX}`, `b.${NESTED}`].map((name) => ({ name, zone: APEX }));
const EAST = '192.0.2.1';
const WEST = '192.0.2.2';

/** A zone whose next write waits, `before` it asks whether it may or after, until it is let go. */
function slowZone(before: boolean) {
  const clock = new VirtualClock();
  const zones = [APEX];
  const addresses = new Map<string, string>();
  const waiting = Promise.withResolvers<void>();
  let turn: Promise<void> | undefined;
  let inside = 0;
  let most = 0;
  const write = async (guard: WriteGuard) => {
    const gate = turn;
    turn = undefined;
    if (gate === undefined) return guard.assertMayWrite();
    if (!before) guard.assertMayWrite();
    waiting.resolve();
    await gate;
    if (before) guard.assertMayWrite();
  };
  const provider: DnsProvider = {
    name: 'slow',
    driftMs: 300_000,
    zonesWithin: () => Promise.resolve([...zones]),
    read: ({ zone, names }) => {
      const sets = names.flatMap((name) => {
        const address = addresses.get(`${zone} ${name}`);
        return address === undefined ? [] : [{ name, type: 'A' as const, ttl: 60, values: [address] }];
      });
      return Promise.resolve({ sets, others: [] });
    },
    apply: async (zone, changes, guard) => {
      inside += zone === APEX ? 1 : 0;
      most = Math.max(most, inside);
      try {
        await write(guard);
        for (const change of changes) {
          if (change.action === 'delete') continue;
          addresses.set(`${zone} ${change.desired.name}`, change.desired.values.join());
        }
      } finally {
        inside -= zone === APEX ? 1 : 0;
      }
    },
  };
  const nothing = () => undefined;
  const group = new ZoneGroup(RECORDS, new Set(['A']), {
    provider,
    clock,
    random: () => 0.5,
    periodMs: provider.driftMs,
    kept: new KeptInMemory(RECORDS.map(({ name }) => name)).open(),
    statuses: new RecordStatuses(clock, nothing),
    onAccepted: nothing,
    onFailure: nothing,
    onRecovered: nothing,
    wake: nothing,
  });
  const move = (address: string) =>
    group.follow(
      (names) => names.map((name) => ({ name, type: 'A' as const, ttl: 60, values: [address] })),
      3_600_000,
      LEADERSHIP,
    );
  return {
    clock,
    zones,
    move,
    waiting: waiting.promise,
    holdNext: (gate: Promise<void>) => {
      turn = gate;
    },
    address: (name: string) => addresses.get(`${APEX} ${name}`),
    most: () => most,
  };
}

for (const before of [true, false]) {
  test(`a write that waits ${before ? 'for its turn' : 'for its answer'} while the zone gets other names: the newer site stands in the end`, async () => {
    const { clock, zones, move, waiting, holdNext, address, most } = slowZone(before);
    await move(EAST);
    await clock.advance(11 * 60_000);
    const gate = Promise.withResolvers<void>();
    holdNext(gate.promise);
    const first = move(WEST);
    await waiting;
    zones.push(NESTED);
    await clock.advance(11 * 60_000);
    const second = move(EAST);
    await clock.advance(0);
    gate.resolve();
    await Promise.all([first, second]);
    assert.equal(address(`a.${APEX}`), EAST);
    assert.equal(most(), 1);
  });
}

test('states that are superseded while a write is under way leave nothing that waits', async () => {
  const { clock, move, waiting, holdNext, address } = slowZone(true);
  await move(EAST);
  await clock.advance(11 * 60_000);
  const gate = Promise.withResolvers<void>();
  holdNext(gate.promise);
  const superseded = [move(WEST)];
  await waiting;
  const pending = clock.pending;
  for (let turn = 0; turn < 50; turn += 1) {
    superseded.push(move(turn % 2 === 0 ? EAST : WEST));
    await clock.advance(0);
  }
  const last = move(EAST);
  // They end before the write does.
  const outcomes = await Promise.all(superseded);
  assert.ok(outcomes.every(({ failures, held }) => failures.length + held.length === 0));
  assert.equal(clock.pending, pending);
  gate.resolve();
  await last;
  assert.equal(address(`a.${APEX}`), EAST);
});
