import type { TestContext } from 'node:test';
import { type Attack, attack } from './attack.ts';
import { fuzz, IS_FUZZING, seedsOfRun, type Target } from './fuzz.ts';
import { FUZZ_LANES } from './strength.ts';
import { underAttack, type Victim } from './under-attack.ts';

export interface Attempts {
  /** By what is tried. */
  readonly attacks: Readonly<Record<string, Attack>>;
  /** All listeners of the victim, to which anything is said in the end. */
  readonly targets: readonly Target[];
  /** What goes on beside each of them, until `abort` fires; resolves to a report of both. */
  readonly beside?: (attacking: Promise<object>, abort: AbortSignal) => Promise<object>;
}

/** One after the other, each as a test of its own. */
export async function tryAll(
  t: TestContext,
  victim: Victim,
  { attacks, targets, beside = (attacking) => attacking }: Attempts,
): Promise<void> {
  for (const [what, options] of Object.entries(IS_FUZZING ? {} : attacks)) {
    await t.test(what, (t) => underAttack(t, victim, (abort) => beside(attack(options, abort), abort)));
  }
  for (const seed of seedsOfRun()) {
    await t.test(`anything at all on its ports, HOSTILE_SEED=${seed}`, (t) =>
      underAttack(t, victim, (abort) => beside(fuzz({ targets, seed, lanes: FUZZ_LANES }, abort), abort)),
    );
  }
}
