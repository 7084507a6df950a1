import type { Random } from '../../runtime/clock.ts';
import { retryWait } from '../calls/retry-wait.ts';
import type { DnsError, DnsErrorKind } from '../provider.ts';
import type { NameChanges } from './separate.ts';

interface Refusal {
  /** As JSON. */
  readonly changes: string;
  readonly error: DnsError;
  readonly until: number;
  readonly attempts: number;
}

/** Until a refused name is tried again; doubled each time. */
const FIRST_WAIT_MS: Readonly<Record<DnsErrorKind, number>> = {
  retry: 1_000,
  rate: 1_000,
  conflict: 1_000,
  config: 5_000,
  refused: 10_000,
};
const LONGEST_WAIT_MS = 10 * 60_000;

/** Remembers which names of a zone were refused, so that the others do not wait for another search. */
export class Refusals {
  readonly #random: Random;
  #refusals = new Map<string, Refusal>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** `held` have to wait; `suspects` were refused before and come after the others. Forgets names without changes. */
  sort(parts: readonly NameChanges[], now: number) {
    const held = new Map<string, DnsError>();
    const suspects: NameChanges[] = [];
    const others: NameChanges[] = [];
    for (const part of parts) {
      const refusal = this.#refusals.get(part.name);
      if (refusal === undefined) others.push(part);
      else if (refusal.until > now && refusal.changes === textOf(part)) held.set(part.name, refusal.error);
      else suspects.push(part);
    }
    const names = new Set(parts.map(({ name }) => name));
    this.#refusals = new Map([...this.#refusals].filter(([name]) => names.has(name)));
    return { held, suspects, others };
  }

  note(part: NameChanges, error: DnsError, now: number): void {
    const before = this.#refusals.get(part.name);
    const changes = textOf(part);
    const attempts = before?.changes === changes ? before.attempts + 1 : 1;
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS[error.kind] * 2 ** Math.min(attempts - 1, 16));
    const until = now + Math.max(wait, retryWait(error, attempts, this.#random));
    this.#refusals.set(part.name, { changes, error, until, attempts });
  }

  forget(name: string): void {
    this.#refusals.delete(name);
  }

  /** Milliseconds until it may be tried again; undefined if it was not refused. */
  waitOf(name: string, now: number): number | undefined {
    const refusal = this.#refusals.get(name);
    return refusal && Math.max(0, refusal.until - now);
  }
}

function textOf({ changes }: NameChanges): string {
  return JSON.stringify(changes);
}
