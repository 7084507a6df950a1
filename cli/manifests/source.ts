/** The text of some documents. */
export interface Source {
  readonly text: string;
  /** The same text, with the same positions, but with every line ended by `\n`. */
  readonly lines: string;
  /** Its own line end. */
  readonly newline: string;
}

const ALONE = /\r(?!\n)/g;

export function sourceOf(text: string, json: boolean): Source {
  const newline = /\r?\n|\r/.exec(text)?.[0] ?? /[\u0085\u2028\u2029]/.exec(text)?.[0] ?? '\n';
  return { text, lines: json ? text.replaceAll(ALONE, '\n') : withKnownBreaks(text), newline };
}

/** Replaces the further line ends of YAML 1.1, which kubectl reads. */
export function withKnownBreaks(text: string): string {
  return text.replaceAll(ALONE, '\n').replaceAll(/[\u0085\u2028\u2029]/g, '\n');
}
