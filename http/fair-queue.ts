interface Waiting<T> {
  readonly item: T;
  readonly rank: number;
}

/** Each client's in turn, and of one client those with the lowest rank first: who brings much waits for itself. */
export class FairQueue<T> {
  /** By the client; the first one is the next to be served. Of each, sorted by rank. */
  readonly #clients = new Map<string, Waiting<T>[]>();

  get isEmpty(): boolean {
    return this.#clients.size === 0;
  }

  add(client: string, item: T, rank = 0): void {
    const waiting = this.#clients.get(client) ?? [];
    this.#clients.set(client, waiting);
    const before = waiting.findLastIndex((other) => other.rank <= rank);
    waiting.splice(before + 1, 0, { item, rank });
  }

  next(): T | undefined {
    for (const [client, waiting] of this.#clients) {
      this.#clients.delete(client);
      const first = waiting.shift();
      // Behind all others.
      if (waiting.length > 0) this.#clients.set(client, waiting);
      return first?.item;
    }
    return undefined;
  }
}
