import { EachTurn } from '../http/each-turn.ts';
import type { Clock } from '../runtime/clock.ts';
import { FairQueue } from '../runtime/fair-queue.ts';

/** Of reviews in one turn of the event loop: a look at the sockets between any two would cost as much as they do. */
const TURN_MS = 1;

type Work = () => void;

/**
 * In which order reviews are answered that have come: for a millisecond in each turn of the event loop, each client's in
 * turn. So who asks himself takes no more from others than the time for one. Large ones have another thread.
 */
export class ReviewTurns {
  readonly #clock: Clock;
  readonly #waiting = new FairQueue<Work>();
  readonly #turns = new EachTurn(this.#waiting, () => this.#serve());

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `work` is called when it is its turn; it must not throw. */
  add(client: string, work: Work): void {
    this.#waiting.add(client, work);
    this.#turns.start();
  }

  #serve(): void {
    const began = this.#clock.elapsed();
    do this.#waiting.next()?.();
    while (!this.#waiting.isEmpty && this.#clock.elapsed() - began < TURN_MS);
  }
}
