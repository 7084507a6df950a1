/** Random numbers that come again from the same seed, and choices made with them. */
export class SeededRandom {
  #state: number;

  constructor(seed: number | string) {
    this.#state = hash(String(seed));
  }

  /** In [0, 1). A property, so that it can be handed on as a Random port. */
  readonly next = (): number => {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    return mix(this.#state) / 2 ** 32;
  };

  /**
   * A stream of its own for `purpose`: what one part draws does not shift what another one gets.
   * The same purpose gives the same stream only when asked at the same point of this one.
   */
  derive(purpose: string): SeededRandom {
    return new SeededRandom(`${this.#state}/${purpose}`);
  }

  /** A whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly [T, ...T[]] | readonly T[]): T {
    const item = items[this.integer(0, items.length - 1)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }
}

/** The finaliser of a 32-bit integer hash: every bit of the input moves half of the output. */
function mix(value: number): number {
  let z = value;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}

/** 32 bits of a text: FNV-1a, then mixed. */
export function hash(text: string, start = 0x811c9dc5): number {
  let value = start;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return mix(value);
}
