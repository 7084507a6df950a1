import { FairQueue } from '../../runtime/fair-queue.ts';

/** What takes long, one after the other, and each client's in turn. */
export class SerialQueue {
  readonly #waiting = new FairQueue<() => Promise<void>>();
  #isServing = false;

  /** `work` must not reject. */
  add(client: string, work: () => Promise<void>): void {
    this.#waiting.add(client, work);
    if (!this.#isServing) void this.#serve();
  }

  async #serve(): Promise<void> {
    this.#isServing = true;
    for (let work = this.#waiting.next(); work !== undefined; work = this.#waiting.next()) await work();
    this.#isServing = false;
  }
}
