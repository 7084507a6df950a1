import type { Clock } from '../runtime/clock.ts';

/** A wait that can be cut short. A nudge while nobody waits ends the next wait at once. */
export class Nudge {
  #pending = false;
  #wake: () => void = () => undefined;

  nudge(): void {
    this.#pending = true;
    this.#wake();
  }

  /** Ends after `ms`, at a nudge or when `signal` aborts. For one waiter at a time. */
  async wait(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#pending && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = () => {
          cancel();
          signal.removeEventListener('abort', done);
          this.#wake = () => undefined;
          resolve();
        };
        const cancel = clock.after(ms, done);
        signal.addEventListener('abort', done, { once: true });
        this.#wake = done;
      });
    }
    this.#pending = false;
  }
}
