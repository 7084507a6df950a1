import { backoff } from '../../runtime/backoff.ts';
import { aborted, type Clock, type Random } from '../../runtime/clock.ts';
import { Wakeup } from '../../runtime/wakeup.ts';
import { sameValues } from '../plan.ts';
import type { AuthoritativeLookup } from '../records/authoritative.ts';
import type { RecordSet } from '../records.ts';
import type { RecordStatuses } from './record-status.ts';

export interface PropagationOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly lookup: AuthoritativeLookup;
  readonly statuses: RecordStatuses;
}

const PAUSE = { base: 10_000, max: 60_000 };
/** Namecheap once took an hour to publish a change. */
const GIVE_UP_MS = 90 * 60_000;
const IDLE_MS = 24 * 3_600_000;
/** Concurrent lookups: each of up to eight name servers gets as many queries. */
const AT_ONCE = 200;

/** Asks the authoritative name servers after each accepted change until they show it. */
export class Propagation {
  readonly #ports: PropagationOptions;
  readonly #zones = new Map<string, Expectation>();
  #start: (zone: string, expectation: Expectation) => void = () => undefined;

  constructor(ports: PropagationOptions) {
    this.#ports = ports;
  }

  /** The provider has accepted `sets`. Has no effect for the same sets again. */
  expect(zone: string, sets: readonly RecordSet[]): void {
    const expectation = this.#zones.get(zone) ?? new Expectation(this.#ports.clock);
    if (!this.#zones.has(zone)) {
      this.#zones.set(zone, expectation);
      this.#start(zone, expectation);
    }
    expectation.set(sets);
  }

  /** Runs until `abort` fires. Forgets earlier expectations: another replica may have led meanwhile. */
  async run(abort: AbortSignal): Promise<void> {
    this.#zones.clear();
    const loops: Promise<void>[] = [];
    const failed = Promise.withResolvers<never>();
    this.#start = (zone, expectation) => {
      if (!abort.aborted) loops.push(this.#watchZone(zone, expectation, abort).catch(failed.reject));
    };
    await Promise.race([aborted(abort), failed.promise]);
    await Promise.all(loops);
  }

  async #watchZone(zone: string, expectation: Expectation, abort: AbortSignal): Promise<void> {
    const { clock, random } = this.#ports;
    let sets: readonly RecordSet[] = [];
    let unseen: readonly RecordSet[] = [];
    let attempt = 0;
    let since = 0;
    let pause = 0;
    while (!abort.aborted) {
      await expectation.wakeup.wait(pause, abort);
      if (abort.aborted) return;
      if (sets !== expectation.sets) {
        sets = expectation.sets;
        unseen = [];
        attempt = 0;
        since = clock.elapsed();
      }
      const asked = unseen.length > 0 ? unseen : sets;
      unseen = await this.#unseenAmong(zone, asked, abort, () => sets === expectation.sets);
      const done = unseen.length === 0 || clock.elapsed() - since > GIVE_UP_MS;
      pause = done ? IDLE_MS : backoff(attempt, PAUSE, random);
      attempt += 1;
    }
  }

  /** Ends early if something else is expected meanwhile. */
  async #unseenAmong(
    zone: string,
    sets: readonly RecordSet[],
    abort: AbortSignal,
    isExpected: () => boolean,
  ): Promise<readonly RecordSet[]> {
    const unseen: RecordSet[] = [];
    for (let from = 0; from < sets.length && isExpected() && !abort.aborted; from += AT_ONCE) {
      const part = sets.slice(from, from + AT_ONCE);
      const seen = await Promise.all(part.map((set) => this.#isSeen(zone, set, abort)));
      unseen.push(...part.filter((_, index) => seen[index] !== true));
    }
    return unseen;
  }

  /** True when every server that answers shows the set, and at least one does. */
  async #isSeen(zone: string, { name, type, values }: RecordSet, abort: AbortSignal): Promise<boolean> {
    const { lookup, statuses } = this.#ports;
    let answers: Awaited<ReturnType<AuthoritativeLookup>>;
    try {
      answers = await lookup({ zone, name, type, abort });
    } catch {
      return false; // The lookup rejects only when stopped.
    }
    const answered = answers.filter((answer) => answer.values !== undefined);
    const hidden = answered.find((answer) => answer.hidden !== undefined)?.hidden;
    statuses.setSeen(name, type, {
      values: [...new Set(answered.flatMap((answer) => answer.values ?? []))].sort(),
      servers: answered.map(({ server }) => server),
      silent: answers.filter((answer) => answer.values === undefined).map(({ server }) => server),
      ...(hidden !== undefined && { hidden }),
    });
    return answered.length > 0 && answered.every((answer) => sameValues(answer.values ?? [], values));
  }
}

class Expectation {
  readonly wakeup: Wakeup;
  sets: readonly RecordSet[] = [];

  constructor(clock: Clock) {
    this.wakeup = new Wakeup(clock, 0);
  }

  set(sets: readonly RecordSet[]): void {
    if (JSON.stringify(sets) === JSON.stringify(this.sets)) return;
    this.sets = sets;
    this.wakeup.notify();
  }
}
