import { DnsError, needsHuman } from '../provider.ts';
import type { ReadPurpose } from '../records.ts';
import type { Goal } from './goal.ts';

/** What a zone is read for: whether others have written it can wait, and a move cannot. */
export class ReadPurposes {
  #last: { readonly goal: Goal; readonly isDone: boolean } | undefined;

  of(goal: Goal): ReadPurpose {
    if (this.#last?.goal === goal) return this.#last.isDone ? 'drift' : 'move';
    return goal.isMove ? 'move' : 'first';
  }

  /** The zone was read, and is not as desired. */
  noteDifferent(goal: Goal): void {
    this.#last = { goal, isDone: false };
  }

  /** The zone is as desired, but for these; what a person has to mend is tried again when there is time. */
  noteDone(goal: Goal, failures: ReadonlyMap<string, unknown>): void {
    const waitsForSomebody = (error: unknown) => error instanceof DnsError && needsHuman(error.kind);
    this.#last = { goal, isDone: [...failures.values()].every(waitsForSomebody) };
  }
}
