import type { Clock } from '../runtime/clock.ts';

/** Everything that the command line reads of and writes to its process, so that tests can replace it. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** The text of a file, or of the standard input for `-`, to its end. Throws. */
  read(path: string): Promise<string>;
  out(text: string): unknown;
  err(text: string): unknown;
  /** Of the standard output; undefined where that is not a terminal. */
  size(): { readonly columns: number; readonly rows: number } | undefined;
  /** Whether the standard output takes colours. */
  readonly colour: boolean;
  /** Whether there is a user who can answer. */
  readonly interactive: boolean;
  /** One line from the user; undefined when the input has ended. */
  ask(question: string, abort: AbortSignal): Promise<string | undefined>;
  /** Aborts with the first Ctrl-C. */
  readonly abort: AbortSignal;
  /** Calls `listener` after each change of the size, until the returned function is called. */
  onResize(listener: () => void): () => void;
}

/** Infinite where there is no terminal. */
export function columnsOf(terminal: Terminal): number {
  return terminal.size()?.columns ?? Number.POSITIVE_INFINITY;
}
