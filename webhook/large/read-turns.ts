import { EachTurn } from '../../http/each-turn.ts';
import { FairQueue } from '../../runtime/fair-queue.ts';

/**
 * Reads one chunk of one large body per turn of the event loop, round robin by client: a hundred bodies at once would
 * otherwise be decrypted and copied for tens of milliseconds before anything else runs.
 */
export class ReadTurns {
  readonly #waiting = new FairQueue<() => void>();
  readonly #turns = new EachTurn(this.#waiting, () => this.#waiting.next()?.());

  /** `read` lets the next chunk come. */
  add(client: string, read: () => void): void {
    this.#waiting.add(client, read);
    this.#turns.start();
  }
}
