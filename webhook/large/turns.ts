import { FairQueue } from '../../runtime/fair-queue.ts';

/**
 * Runs long work one after the other, round robin by client and size: the reviews of all tenants come from the same
 * client, the API server, and a small one must not wait for all large ones.
 */
export class SerialQueue {
  readonly #waiting = new FairQueue<() => Promise<void>>();
  #isServing = false;

  /** `bytes`: size of the review. `work` must not reject. */
  add(client: string, bytes: number, work: () => Promise<void>): void {
    this.#waiting.add(`${client} ${Math.ceil(Math.log2(bytes))}`, work);
    if (!this.#isServing) void this.#serve();
  }

  async #serve(): Promise<void> {
    this.#isServing = true;
    for (let work = this.#waiting.next(); work !== undefined; work = this.#waiting.next()) await work();
    this.#isServing = false;
  }
}
