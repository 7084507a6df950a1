import type { Clock } from '../runtime/clock.ts';

/** Ends a watch that went silent, or when the next list is due. */
export class Watchdog {
  endedFor: 'silent' | 'relist' | undefined;
  readonly #clock: Clock;
  readonly #inactivityMs: number;
  readonly #relistAt: number;
  readonly #parent: AbortSignal;
  readonly #controller = new AbortController();
  readonly #onParent = () => this.#controller.abort(this.#parent.reason);
  #fedAt: number;
  #cancel: () => void = () => undefined;

  constructor(clock: Clock, inactivityMs: number, relistAt: number, parent: AbortSignal) {
    this.#clock = clock;
    this.#inactivityMs = inactivityMs;
    this.#relistAt = relistAt;
    this.#parent = parent;
    this.#fedAt = clock.elapsed();
    parent.addEventListener('abort', this.#onParent, { once: true });
    if (parent.aborted) this.#onParent();
    else this.#look();
  }

  get abort(): AbortSignal {
    return this.#controller.signal;
  }

  feed(): void {
    this.#fedAt = this.#clock.elapsed();
  }

  stop(): void {
    this.#cancel();
    this.#parent.removeEventListener('abort', this.#onParent);
  }

  #look(): void {
    const now = this.#clock.elapsed();
    const due = Math.min(this.#relistAt, this.#fedAt + this.#inactivityMs);
    if (now < due) {
      this.#cancel = this.#clock.after(due - now, () => this.#look());
      return;
    }
    this.endedFor = now >= this.#relistAt ? 'relist' : 'silent';
    this.#controller.abort(new Error(`watch ended by its own side: ${this.endedFor}`));
  }
}
