import type { FairQueue } from '../runtime/fair-queue.ts';

/** Serves a queue in turns of the event loop, so that other things come between, for as long as something waits in it. */
export class EachTurn {
  readonly #queue: Pick<FairQueue<unknown>, 'isEmpty'>;
  readonly #serve: () => void;
  #isScheduled = false;

  /** `serve` is called once a turn. */
  constructor(queue: Pick<FairQueue<unknown>, 'isEmpty'>, serve: () => void) {
    this.#queue = queue;
    this.#serve = serve;
  }

  /** To be called when something was added. True when nothing had waited before. */
  start(): boolean {
    if (this.#isScheduled) return false;
    this.#schedule();
    return true;
  }

  #schedule(): void {
    this.#isScheduled = true;
    setImmediate(() => {
      try {
        this.#serve();
      } finally {
        // Whatever one has thrown, the others have their turn.
        this.#isScheduled = false;
        if (!this.#queue.isEmpty) this.#schedule();
      }
    });
  }
}
