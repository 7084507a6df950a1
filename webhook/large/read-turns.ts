import { EachTurn } from '../../http/each-turn.ts';
import { FairQueue } from '../../runtime/fair-queue.ts';

/**
 * Of large bodies one piece is read in each turn of the event loop, each client's in turn: a hundred that come at once
 * would else be decrypted and copied for tens of milliseconds before anything else has its turn.
 */
export class ReadTurns {
  readonly #waiting = new FairQueue<() => void>();
  readonly #turns = new EachTurn(this.#waiting, () => this.#waiting.next()?.());

  /** `read` lets the next piece come. */
  add(client: string, read: () => void): void {
    this.#waiting.add(client, read);
    this.#turns.start();
  }
}
