/** In characters of JSON. A hundred thousand records have less, and a heap of 128 MiB holds it. */
const MOST = 32 * 1024 * 1024;

/** What is kept of a list that comes in pages: each is within the limits of an answer, and there may be a hundred. */
export class ListSize {
  #left = MOST;

  /** Whether there is room for these as well. */
  take(items: readonly unknown[]): boolean {
    this.#left -= JSON.stringify(items).length;
    return this.#left >= 0;
  }
}
