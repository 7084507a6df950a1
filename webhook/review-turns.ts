import { EachTurn } from '../http/each-turn.ts';
import type { Clock } from '../runtime/clock.ts';
import { FairQueue } from '../runtime/fair-queue.ts';

/** For reviews in one turn of the event loop: polling the sockets after each would cost as much as the review. */
const TURN_MS = 1;

type Work = () => void;

/**
 * Answers reviews for a millisecond per turn of the event loop, round robin by client: so a client other than the API
 * server delays it by no more than one review at a time. Large ones are answered in another thread.
 */
export class ReviewTurns {
  readonly #clock: Clock;
  readonly #waiting = new FairQueue<Work>();
  readonly #turns = new EachTurn(this.#waiting, () => this.#serve());

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `work` must not throw. */
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
