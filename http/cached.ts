import type { Clock } from '../kubernetes/clock.ts';

/** How old an answer may be that is costly to make: too short to be seen, and long beside the making. */
export const MOMENT_MS = 250;

/** Makes an answer at most once a moment, however many ask for it. */
export class Cached<T> {
  readonly #clock: Clock;
  readonly #make: () => T;
  #made: { readonly value: T; readonly at: number } | undefined;

  constructor(clock: Clock, make: () => T) {
    this.#clock = clock;
    this.#make = make;
  }

  get(): T {
    const now = this.#clock.elapsed();
    if (this.#made === undefined || now - this.#made.at >= MOMENT_MS) {
      this.#made = { value: this.#make(), at: now };
    }
    return this.#made.value;
  }

  /** What it was made of has changed. */
  forget(): void {
    this.#made = undefined;
  }
}
