import { FairQueue } from '../../runtime/fair-queue.ts';

/**
 * What takes long, one after the other, and each client's in turn. The reviews of all tenants come from the API server, so of
 * one client those of each size have a turn: a small one never waits for all large ones.
 */
export class SerialQueue {
  readonly #waiting = new FairQueue<() => Promise<void>>();
  #isServing = false;

  /** `bytes`: what it is about. `work` must not reject. */
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
