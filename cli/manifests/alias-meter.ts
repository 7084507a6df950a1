import type { Node } from 'yaml';

/** The limits of go-yaml v2 (decode.go, `allowedAliasRatio`), so that every file is read here that kubectl reads. */
const ALWAYS_ALLOWED = { total: 1000, repeated: 100 };
const SMALL = { total: 400_000, share: 0.99 };
const LARGE = { total: 4_000_000, share: 0.1 };

/** Counts the nodes of a document with its aliases expanded, without expanding them, as they may grow exponentially. */
export class AliasMeter {
  readonly #sizes = new Map<Node, number>();
  #total = 0;
  #repeated = 0;

  /** Runs `read`, which reads what is in `node`. */
  measure<T>(node: Node, read: () => T): T {
    const before = this.#total;
    this.#total += 1;
    const value = read();
    if (node.anchor !== undefined) this.#sizes.set(node, this.#total - before);
    return value;
  }

  /** Throws where there are too many aliases, or `target` is still being read. */
  repeat(target: Node, name: string): void {
    const size = this.#sizes.get(target);
    if (size === undefined) throw new Error(`what the anchor &${name} names contains itself`);
    this.#total += 1 + size;
    this.#repeated += size;
    if (this.#total <= ALWAYS_ALLOWED.total || this.#repeated <= ALWAYS_ALLOWED.repeated) return;
    if (this.#repeated / this.#total > allowedShare(this.#total)) {
      throw new Error('its aliases make it grow without bound');
    }
  }
}

function allowedShare(total: number): number {
  const way = (total - SMALL.total) / (LARGE.total - SMALL.total);
  return SMALL.share - (SMALL.share - LARGE.share) * Math.min(Math.max(way, 0), 1);
}
