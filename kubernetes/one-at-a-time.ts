/** A mutex: those who wait enter in the order in which they came. */
export class OneAtATime {
  readonly #waiting = new Set<() => void>();
  #isTaken = false;

  /** Resolves to the function that releases it, to be called once. Rejects with its reason when `abort` fires before that. */
  async enter(abort: AbortSignal): Promise<() => void> {
    abort.throwIfAborted();
    if (this.#isTaken) await this.#wait(abort);
    this.#isTaken = true;
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

  /** It passes to the next one directly: otherwise a newcomer could overtake. */
  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#isTaken = false;
    else {
      this.#waiting.delete(next);
      next();
    }
  }
}
