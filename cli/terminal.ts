import type { Clock } from '../runtime/clock.ts';

/** What the command line does with the world, so that tests can stand in for it. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** The text of a file, or of the standard input for `-`, to its end. Throws. */
  read(path: string): Promise<string>;
  out(text: string): unknown;
  err(text: string): unknown;
  /** Of the standard output; undefined where that is no terminal, so that whole lines go to the next program. */
  size(): { readonly columns: number; readonly rows: number } | undefined;
  /** Whether the standard output takes colours. */
  readonly colour: boolean;
  /** Whether somebody sits there who can answer. */
  readonly interactive: boolean;
  /** One line from the person; undefined when there is none to come. */
  ask(question: string, abort: AbortSignal): Promise<string | undefined>;
  /** Aborts with the first Ctrl-C. */
  readonly abort: AbortSignal;
  /** Calls back whenever the size has changed, until the returned function is called. */
  onResize(listener: () => void): () => void;
}

/** Columns to lay out for. */
export function columnsOf(terminal: Terminal): number {
  return terminal.size()?.columns ?? Number.POSITIVE_INFINITY;
}
