/** The text of some documents, as it is and as its lines are found. */
export interface Source {
  readonly text: string;
  /** The same, each of its characters where it was, with every line ended by `\n`. */
  readonly lines: string;
  /** How its lines end. */
  readonly newline: string;
}

const ALONE = /\r(?!\n)/g;

export function sourceOf(text: string, json: boolean): Source {
  const newline = /\r?\n|\r/.exec(text)?.[0] ?? /[\u0085\u2028\u2029]/.exec(text)?.[0] ?? '\n';
  return { text, lines: json ? text.replaceAll(ALONE, '\n') : withKnownBreaks(text), newline };
}

/** Further ends of lines for YAML 1.1, as kubectl reads them. */
export function withKnownBreaks(text: string): string {
  return text.replaceAll(ALONE, '\n').replaceAll(/[\u0085\u2028\u2029]/g, '\n');
}
