import type { Clock } from '../../runtime/clock.ts';

/** Enqueues once, at a time that was found while working; for what changes by time alone. */
export class Alarm {
  readonly #clock: Clock;
  #enqueue: (() => void) | undefined;
  #cancel: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** From `watch`: what to call, and for how long. */
  connect(enqueue: () => void, abort: AbortSignal): void {
    if (abort.aborted) return;
    this.#enqueue = enqueue;
    abort.addEventListener('abort', () => this.#disconnect(), { once: true });
  }

  /** In place of the time that was set before. Without a time: not at all. */
  set(ms?: number): void {
    this.#cancel();
    this.#cancel =
      ms === undefined || this.#enqueue === undefined
        ? () => undefined
        : this.#clock.after(ms, this.#enqueue);
  }

  #disconnect(): void {
    this.#enqueue = undefined;
    this.#cancel();
  }
}
