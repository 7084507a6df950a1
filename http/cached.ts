import type { Clock } from '../runtime/clock.ts';

/** At most a twentieth of the time goes into making an answer. */
const REST = 20;
const MAX_AGE_MS = 250;

interface Made<T> {
  readonly value: Promise<T>;
  /** By the clock's `elapsed`. */
  freshUntil: number;
}

/**
 * An answer that is costly to make, for all who ask in the same moment. How long that is goes by the cost, so that who
 * asks now and then always gets a new one.
 */
export class Cached<T> {
  readonly #clock: Clock;
  readonly #make: () => T | Promise<T>;
  #made: Made<T> | undefined;

  constructor(clock: Clock, make: () => T | Promise<T>) {
    this.#clock = clock;
    this.#make = make;
  }

  get(): Promise<T> {
    const began = this.#clock.elapsed();
    if (this.#made !== undefined && began < this.#made.freshUntil) return this.#made.value;
    const made = { value: this.#remake(), freshUntil: Number.POSITIVE_INFINITY };
    const settle = () => {
      const now = this.#clock.elapsed();
      made.freshUntil = now + Math.min(MAX_AGE_MS, REST * (now - began));
    };
    made.value.then(settle, settle);
    this.#made = made;
    return made.value;
  }

  /** What it was made of has changed. */
  forget(): void {
    this.#made = undefined;
  }

  async #remake(): Promise<T> {
    return this.#make();
  }
}
