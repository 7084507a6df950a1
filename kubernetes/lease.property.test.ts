import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CALM } from '../test/simulation/faults.ts';
import { SeededRandom } from '../test/support/random.ts';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import type { Leadership } from './leadership.ts';
import { LEASES } from './resources.ts';
import { Candidate, electionServer, LEASE, LOST_ANSWERS, LOST_REQUESTS } from './testing/candidates.ts';

const FAULTS = [
  'freeze',
  'thaw',
  'crash',
  'restart',
  'stop',
  'lose requests',
  'lose answers',
  'delay',
  'heal',
  'confirm',
] as const;

const schedules = fc.record({
  seed: fc.integer(),
  candidates: fc.integer({ min: 2, max: 3 }),
  steps: fc.array(
    fc.record({
      after: fc.integer({ min: 0, max: 6_000 }),
      fault: fc.constantFrom(...FAULTS),
      whom: fc.nat({ max: 2 }),
      leader: fc.boolean(),
    }),
    { minLength: 5, maxLength: 30 },
  ),
});

/** A few processes, one Lease, and all that can go wrong between them. */
class World {
  readonly clock = new VirtualClock();
  readonly server = electionServer(this.clock);
  readonly candidates: Candidate[] = [];
  readonly #random: SeededRandom;
  /** A term belongs to one leadership for ever. */
  readonly #terms = new Map<number, Leadership>();
  #count = 0;

  constructor(seed: number, size: number) {
    this.#random = new SeededRandom(seed);
    for (let index = 0; index < size; index += 1) this.candidates.push(this.#start());
  }

  async advance(ms: number): Promise<void> {
    const until = this.clock.elapsed() + ms;
    for (let more = true; more; ) {
      more = await this.clock.step(until);
      this.#check();
    }
  }

  inflict(fault: (typeof FAULTS)[number], whom: number, leader: boolean): void {
    const holder = this.candidates.findIndex(({ holds }) => holds);
    const index = leader && holder >= 0 ? holder : whom % this.candidates.length;
    const victim = this.candidates[index];
    assert.ok(victim);
    const { clock } = victim;
    switch (fault) {
      case 'freeze':
        clock.freeze();
        break;
      case 'thaw':
        clock.thaw();
        break;
      case 'crash':
        clock.crash();
        break;
      case 'restart':
        clock.crash();
        this.candidates[index] = this.#start();
        break;
      case 'stop':
        victim.stop();
        break;
      case 'lose requests':
        victim.suffer(LOST_REQUESTS);
        break;
      case 'lose answers':
        victim.suffer(LOST_ANSWERS);
        break;
      case 'delay':
        victim.suffer({ latency: [0, 4_000], watch: { ...CALM.watch, delay: [0, 4_000] } });
        break;
      case 'heal':
        victim.suffer({});
        break;
      case 'confirm':
        // Without an answer it rejects, as it says; what it did to the Lease is what is checked.
        if (victim.holds) victim.current.confirm(this.#random.integer(0, 9)).catch(() => undefined);
        break;
    }
  }

  /** Everything works again, and at least one process runs. */
  repair(): void {
    for (const candidate of this.candidates) {
      candidate.clock.thaw();
      candidate.suffer({});
    }
    this.candidates.push(this.#start());
  }

  #start(): Candidate {
    this.#count += 1;
    return new Candidate(`process-${this.#count}`, this.clock, this.server, { random: this.#random.next });
  }

  #check(): void {
    const holders = this.candidates.filter(({ holds }) => holds);
    assert.ok(holders.length <= 1, `two holders: ${holders.map(({ identity }) => identity).join(', ')}`);
    const [holder] = holders;
    if (holder === undefined) return;
    const { spec } = this.server.get(LEASES, LEASE);
    assert.equal(spec?.holderIdentity, holder.identity, 'held, but the Lease says otherwise');
    assert.ok(holder.current.term <= (spec?.leaseTransitions ?? 0), 'a term that was never written');
    for (const [term, other] of this.#terms) {
      assert.ok(
        other === holder.current || term < holder.current.term,
        `term ${term} came again, or a lower one`,
      );
    }
    this.#terms.set(holder.current.term, holder.current);
  }
}

describe('the Lease election under faults', () => {
  it('never has two holders, never a term twice, and a holder soon after the faults', async () => {
    await fc.assert(
      fc.asyncProperty(schedules, async ({ seed, candidates, steps }) => {
        const world = new World(seed, candidates);
        for (const { after, fault, whom, leader } of steps) {
          await world.advance(after);
          world.inflict(fault, whom, leader);
        }
        world.repair();
        await world.advance(30_000);
        assert.equal(world.candidates.filter(({ holds }) => holds).length, 1, 'nobody leads');
        for (const candidate of world.candidates) candidate.stop();
        await world.advance(30_000);
        assert.ok(
          world.candidates.every(({ clock }) => clock.pending === 0),
          'a timer is left behind',
        );
      }),
      { numRuns: 150 },
    );
  });
});
