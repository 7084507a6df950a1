import type { Clock } from '../runtime/clock.ts';

/** Rings once at a time that was found out by working; for what changes by time alone. */
export class Alarm {
  readonly #clock: Clock;
  #wake: (() => void) | undefined;
  #cancel: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** From `watch`: what to call, and for how long. */
  connect(wake: () => void, abort: AbortSignal): void {
    if (abort.aborted) return;
    this.#wake = wake;
    abort.addEventListener('abort', () => this.#disconnect(), { once: true });
  }

  /** In place of the time that was set before. Without a time: not at all. */
  set(ms?: number): void {
    this.#cancel();
    this.#cancel =
      ms === undefined || this.#wake === undefined ? () => undefined : this.#clock.after(ms, this.#wake);
  }

  #disconnect(): void {
    this.#wake = undefined;
    this.#cancel();
  }
}
