import { isMap } from 'yaml';
import type { Operation } from '../../webhook/inject/patch.ts';
import { applyEdits } from './edit.ts';
import type { ManifestFormat } from './format.ts';
import { FormerDocument } from './former.ts';
import { parse, parseAgain, type Stretch } from './parse.ts';
import { printBlock, printJson } from './print.ts';
import type { Reading } from './read.ts';
import { reprint } from './reprint.ts';
import { rewrite } from './rewrite.ts';
import { adding, changeAt, childOf, isSame, type Value } from './value.ts';

export type Path = readonly (string | number)[];

interface Content {
  readonly stretch: Stretch;
  readonly reading: Reading;
  value: Value;
  /** Set where injection is undone. */
  former?: FormerDocument;
}

/** A file of manifests, YAML or JSON. Whatever is not changed stays to the letter. */
export class Documents {
  readonly #stretches: readonly Stretch[];
  readonly #contents: readonly Content[];
  readonly #reprinted = new Set<number>();

  /** Throws where `text` is not YAML. */
  constructor(text: string) {
    this.#stretches = parse(text);
    this.#contents = this.#stretches.flatMap((stretch) =>
      stretch.documents.map((reading) => ({ stretch, reading, value: reading.value })),
    );
  }

  get length(): number {
    return this.#contents.length;
  }

  /** The current value at `path` of document `index`; undefined where there is none. */
  at(index: number, path: Path): Value | undefined {
    return path.reduce<Value | undefined>(childOf, this.#contents[index]?.value);
  }

  /** Applies a JSON Patch to the object at `path`. */
  patch(index: number, path: Path, operations: readonly Operation[]): void {
    const content = this.#contents[index];
    if (content === undefined) return;
    for (const operation of operations) {
      const place = [...path.map(String), ...steps(operation.path)];
      if (operation.op === 'remove')
        content.former ??= new FormerDocument(content.stretch.source.lines, content.reading);
      const change =
        operation.op === 'add' ? adding(operation.value as Value) : content.former?.removal(place);
      if (change === undefined) continue;
      content.value = changeAt(content.value, place, change);
    }
  }

  /** The documents that {@link toString} had to reformat, as it could not edit their text. */
  get reprinted(): readonly number[] {
    return [...this.#reprinted];
  }

  /** The documents with a second object, for which kubectl drops the first one, too. */
  get runTogether(): readonly number[] {
    return this.#contents.flatMap(({ reading }, index) => (hasTwoKinds(reading) ? [index] : []));
  }

  /** In the format of the file, or in another one. */
  toString(format?: ManifestFormat): string {
    const isStream = this.#stretches.every(({ json, source }) => json && !source.text.startsWith('---'));
    if (format === 'json' && !isStream) return `${printJson(inOne(this.#values()), '  ')}\n`;
    return this.#stretches
      .map((stretch, index) => {
        if (format !== 'yaml' || !stretch.json) return this.#print(stretch);
        return (
          (index > 0 ? '---\n' : '') +
          this.#of(stretch)
            .map(({ value }) => yaml(value))
            .join('')
        );
      })
      .join('');
  }

  /** All but the empty ones. */
  #values(): Value[] {
    return this.#contents.map(({ value }) => value).filter((value) => value !== null);
  }

  #of(stretch: Stretch): readonly Content[] {
    return this.#contents.filter((content) => content.stretch === stretch);
  }

  #print(stretch: Stretch): string {
    const contents = this.#of(stretch);
    const changed = contents.filter(({ reading, value }) => !isSame(reading.value, value));
    if (changed.length === 0) return stretch.source.text;
    const { source, json } = stretch;
    const edits = changed.map(({ reading, value, former }) =>
      rewrite({ source, reading, json, takesOut: former !== undefined }, value),
    );
    const isComplete = edits.every((some) => some !== undefined);
    const text = isComplete ? applyEdits(source.text, edits.flat()) : undefined;
    if (text !== undefined && says(text, stretch, contents)) return text;
    for (const content of changed) this.#reprinted.add(this.#contents.indexOf(content));
    return reprint(stretch, changed);
  }
}

function hasTwoKinds(reading: Reading): boolean {
  const { contents } = reading;
  return isMap(contents) && contents.items.filter(({ key }) => reading.nameOf(key) === 'kind').length > 1;
}

/** JSON has no separator of documents: several objects are a List, as kubectl prints them. */
function inOne(values: readonly Value[]): Value {
  const [first = null] = values;
  return values.length === 1 ? first : { apiVersion: 'v1', kind: 'List', items: values };
}

function yaml(value: Value): string {
  return `${printBlock(value, { step: 2, flush: false }).join('\n')}\n`;
}

/** Whether `text`, read again, has the values that it should have. */
function says(text: string, { json }: Stretch, contents: readonly Content[]): boolean {
  try {
    const { documents } = parseAgain(text, json);
    return (
      documents.length === contents.length &&
      documents.every(({ value }, index) => isSame(value, contents[index]?.value))
    );
  } catch {
    return false; // Then it is reformatted.
  }
}

/** The keys in a JSON Pointer (RFC 6901). */
function steps(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
