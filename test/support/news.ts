export interface Waiting {
  /** Default: no limit. */
  readonly timeoutMs?: number;
  /** What to say when the time is over. */
  readonly inVain?: () => string;
  /** Its rejection ends the waiting too. */
  readonly ended?: Promise<never>;
}

/** What is told to those who wait for it. */
export class News<Item> {
  readonly #listeners = new Set<(item: Item) => void>();

  tell(item: Item): void {
    for (const listener of this.#listeners) listener(item);
  }

  /** Calls back with all that is told, until the returned function is called. */
  onTold(listener: (item: Item) => void): () => void {
    const own = (item: Item) => listener(item);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** The first result other than undefined that `find` gives: of what is `known`, or of what is told later. */
  async first<T>(
    known: Iterable<Item>,
    find: (item: Item) => T | undefined,
    { timeoutMs, inVain = () => 'it was not told', ended }: Waiting = {},
  ): Promise<T> {
    const found = Promise.withResolvers<T>();
    const look = (item: Item) => {
      const result = find(item);
      if (result !== undefined) found.resolve(result);
    };
    for (const item of known) look(item);
    const stop = this.onTold(look);
    const late = () => found.reject(new Error(`Waited ${timeoutMs} ms in vain: ${inVain()}`));
    const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
    try {
      return await Promise.race([found.promise, ...(ended === undefined ? [] : [ended])]);
    } finally {
      clearTimeout(timer);
      stop();
    }
  }
}
