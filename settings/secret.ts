import { inspect } from 'node:util';

export const MASK = '***';

/** A value that no log line, error text, JSON document or debugger output shows. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself, for the one place that sends it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}

/** A secret in a file, which a mounted Secret changes while we run. Throws at the first read alone. */
export class FileSecret extends Secret {
  readonly #read: () => string;
  #newest: string;

  constructor(read: () => string) {
    const first = read().trim();
    super(first);
    this.#newest = first;
    this.#read = read;
  }

  /** What the file holds now; while it cannot be read or is empty, what it held before. */
  override reveal(): string {
    try {
      this.#newest = this.#read().trim() || this.#newest;
    } catch {
      // Between two versions of the volume, or taken away: the receiver judges whether the old one still counts.
    }
    return this.#newest;
  }
}
