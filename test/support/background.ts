/** Something that goes on by itself from when it is made until it is stopped. */
export abstract class Background {
  readonly #stop = new AbortController();
  /** Begins once the fields of the class are there. */
  readonly #ended = Promise.resolve().then(() => this.run(this.#stop.signal));

  protected abstract run(abort: AbortSignal): Promise<void>;

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }
}
