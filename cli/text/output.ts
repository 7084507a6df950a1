import type { Format } from '../cluster/options.ts';
import { columnsOf, type Terminal } from '../terminal.ts';
import { type Line, print } from './line.ts';
import { plainJson } from './plain.ts';

/** What a command prints: lines for people, or its result once, as JSON or YAML. */
export class Output {
  readonly isText: boolean;
  readonly #terminal: Terminal;
  readonly #format: Format;

  constructor(terminal: Terminal, format: Format) {
    this.#terminal = terminal;
    this.#format = format;
    this.isText = format === 'text';
  }

  get columns(): number {
    return columnsOf(this.#terminal);
  }

  /** Prints lines as text, and nothing in the other formats. */
  say(lines: readonly Line[]): void {
    if (this.isText) this.#terminal.out(print(lines, this.#terminal.colour));
  }

  /** Prints the result as JSON or YAML, and nothing as text. */
  async give(result: unknown): Promise<void> {
    if (this.#format !== 'text') this.#terminal.out(await serialize(result, this.#format));
  }

  /** For commands whose text has nothing but the result. */
  async show(result: unknown, render: (width: number) => readonly Line[]): Promise<void> {
    if (this.isText) this.say(render(this.columns));
    else await this.give(result);
  }
}

/** Escapes whatever a terminal could take for a command. */
export async function serialize(view: unknown, format: Exclude<Format, 'text'>): Promise<string> {
  if (format === 'json') return `${plainJson(JSON.stringify(view, null, 2))}\n`;
  const { Document, visit } = await import('./yaml.ts');
  const document = new Document(view, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      const { value } = node;
      // Only double quotes allow a character to be written by its number.
      if (typeof value === 'string' && plainJson(value) !== value) node.type = 'QUOTE_DOUBLE';
    },
  });
  return plainJson(document.toString({ lineWidth: 0 }));
}
