/** Clients take turns: many requests of one delay no other client. */
export class FairQueue<T> {
  /** By the client; the first one is the next to be served. */
  readonly #clients = new Map<string, T[]>();

  get isEmpty(): boolean {
    return this.#clients.size === 0;
  }

  add(client: string, item: T): void {
    const waiting = this.#clients.get(client) ?? [];
    this.#clients.set(client, waiting);
    waiting.push(item);
  }

  next(): T | undefined {
    for (const [client, waiting] of this.#clients) {
      this.#clients.delete(client);
      const first = waiting.shift();
      // Behind all others.
      if (waiting.length > 0) this.#clients.set(client, waiting);
      return first;
    }
    return undefined;
  }
}
