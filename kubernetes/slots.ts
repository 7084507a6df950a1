/** So many may be in at once. Those who wait enter in the order in which they came. */
export class Slots {
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves to the function that releases it, to be called once. Rejects with its reason when `abort` fires before that. */
  async enter(abort: AbortSignal): Promise<() => void> {
    abort.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(abort);
    return () => this.#leave();
  }

  #wait(abort: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.#waiting.delete(enter);
        reject(abort.reason);
      };
      const enter = () => {
        abort.removeEventListener('abort', giveUp);
        resolve();
      };
      this.#waiting.add(enter);
      abort.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** A slot passes to the next one directly: otherwise a newcomer could overtake. */
  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free += 1;
    else {
      this.#waiting.delete(next);
      next();
    }
  }
}
