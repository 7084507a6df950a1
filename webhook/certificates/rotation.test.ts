import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Inventory, type Lifetimes, nextStep } from './rotation.ts';

const LIFETIMES: Lifetimes = { authorityMs: 9_000, leafMs: 900, settleMs: 20 };

/** Fresh at 0. */
const FRESH: Inventory = {
  authority: { from: 0, until: 9_000 },
  leaf: { from: 0, until: 900, hasAllNames: true },
};

const cases: Readonly<Record<string, [inventory: Inventory, now: number, step: object]>> = {
  'a fresh leaf is kept until a third is left': [FRESH, 0, { kind: 'keep', forMs: 600 }],
  'a leaf is renewed at a third': [FRESH, 600, { kind: 'renew-leaf' }],
  'an expired leaf is renewed': [FRESH, 2_000, { kind: 'renew-leaf' }],
  'a leaf without all names is renewed at once': [
    { ...FRESH, leaf: { ...FRESH.leaf, hasAllNames: false } },
    0,
    { kind: 'renew-leaf' },
  ],
  'an authority gets a successor at a third': [FRESH, 6_000, { kind: 'announce-authority' }],
  'a successor that nobody trusts yet signs nothing': [
    { ...FRESH, leaf: { from: 6_000, until: 6_900, hasAllNames: true }, next: { settledMs: -1 } },
    6_000,
    { kind: 'keep', forMs: 21 },
  ],
  'nor does one that was not trusted long enough': [
    { ...FRESH, leaf: { from: 6_000, until: 6_900, hasAllNames: true }, next: { settledMs: 19 } },
    6_000,
    { kind: 'keep', forMs: 1 },
  ],
  'a successor takes over when it is trusted everywhere': [
    { ...FRESH, next: { settledMs: 20 } },
    100,
    { kind: 'switch-authority' },
  ],
  'the old authority is trusted until its last leaf has ended': [
    { ...FRESH, previousUntil: 500 },
    499,
    { kind: 'keep', forMs: 1 },
  ],
  'and not longer': [{ ...FRESH, previousUntil: 500 }, 500, { kind: 'retire-previous' }],
  'a leaf that could not end later is not made again': [
    {
      authority: { from: 0, until: 9_000 },
      leaf: { from: 8_500, until: 9_000, hasAllNames: true },
      next: { settledMs: 5 },
    },
    8_990,
    { kind: 'keep', forMs: 15 },
  ],
};

for (const [name, [inventory, now, step]] of Object.entries(cases)) {
  test(name, () => assert.deepEqual(nextStep(inventory, now, LIFETIMES), step));
}

/** A store whose trust follows its bundle after a delay, as the API server's does. */
class Model {
  now = 0;
  serial = 1;
  authority = { id: 1, from: 0, until: LIFETIMES.authorityMs };
  leaf = { issuer: 1, from: 0, until: LIFETIMES.leafMs, hasAllNames: true };
  next: { id: number; from: number; until: number; at: number } | undefined;
  previous: { id: number; until: number } | undefined;

  get bundle(): readonly number[] {
    return [this.authority.id, this.next?.id, this.previous?.id].filter((id) => id !== undefined);
  }

  step(): string {
    const { authority, leaf, next, previous, now } = this;
    const inventory: Inventory = {
      authority,
      leaf,
      ...(next && { next: { settledMs: now - next.at } }),
      ...(previous && { previousUntil: previous.until }),
    };
    const step = nextStep(inventory, now, LIFETIMES);
    if (step.kind === 'keep') assert.ok(step.forMs > 0, 'a wait of nothing is a hot loop');
    else this.#take(step.kind);
    return step.kind;
  }

  #take(step: string): void {
    const { now } = this;
    const issue = ({ id, until }: { id: number; until: number }) => ({
      issuer: id,
      from: now,
      until: Math.min(now + LIFETIMES.leafMs, until),
      hasAllNames: true,
    });
    if (step === 'renew-leaf') this.leaf = issue(this.authority);
    if (step === 'retire-previous') this.previous = undefined;
    if (step === 'announce-authority') {
      this.serial += 1;
      this.next = { id: this.serial, from: now, until: now + LIFETIMES.authorityMs, at: now };
    }
    if (step === 'switch-authority' && this.next) {
      this.previous = { id: this.authority.id, until: this.leaf.until };
      this.authority = this.next;
      this.leaf = issue(this.next);
      this.next = undefined;
    }
  }
}

test('whoever looks at least once in a leaf’s last third never serves what is expired or not trusted', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 290 }), { minLength: 50, maxLength: 200 }), (waits) => {
      const model = new Model();
      const leaves = new Map<number, { issuer: number; until: number }>();
      for (const wait of waits) {
        model.now += wait;
        assert.ok(model.leaf.until > model.now, 'the leaf has expired');
        for (let steps = 0; model.step() !== 'keep'; steps += 1) assert.ok(steps < 4, 'the steps do not end');
        leaves.set(model.leaf.from, model.leaf);
        for (const { issuer, until } of leaves.values()) {
          assert.ok(
            until <= model.now || model.bundle.includes(issuer),
            'a leaf that may be served is not trusted',
          );
        }
      }
    }),
  );
});
