/** What `make peers` has measured, as its table and picture want it. */
import type { Machine } from '../machine.ts';

/** One way to the same end. */
export interface Way {
  readonly name: string;
  /** Milliseconds. Empty: not measured here. */
  readonly samples: readonly number[];
  /** What the maker of the program says of it. */
  readonly documented?: { readonly upToMs: number; readonly source: string };
}

export interface Comparison {
  readonly what: string;
  /** The first one is ours. */
  readonly ways: readonly Way[];
}

export interface Peers {
  readonly machine: Machine;
  readonly comparisons: readonly Comparison[];
}
