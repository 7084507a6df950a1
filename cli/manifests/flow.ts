import { isMap, isScalar, type ParsedNode } from 'yaml';
import { aboveComments, placeOf } from './block.ts';
import type { Edit } from './edit.ts';
import type { Editor } from './editor.ts';
import {
  type Collection,
  type Entry,
  entriesOf,
  isCollection,
  isLineHead,
  lineStart,
  nextLine,
} from './layout.ts';
import { printFlow, printJson, printScalar, quote } from './print.ts';
import { ALONE, INHERITED, type Remark, remarkOn } from './remark.ts';
import type { Source } from './source.ts';
import type { Value, ValueMap } from './value.ts';

const COMMA = /^(?:\s|#[^\n]*\n)*,/;

/** Edits a map or list within braces and brackets, JSON included. */
export class FlowEditor implements Editor {
  readonly #source: Source;
  readonly #range: Collection['range'];
  readonly #entries: readonly Entry[];
  /** JSON has no comments, and so no remarks. */
  readonly #isJson: boolean;
  /** Whether it is printed as JSON, which YAML may have, too. */
  readonly #likeJson: boolean;
  /** Without a space behind `:` and `,`. */
  readonly #tight: boolean;
  /** The indentation of entries that have lines of their own; undefined where they share one. */
  readonly #margin: string | undefined;
  /** The further indentation of a level. */
  readonly #unit: string;
  /** A newline with the indentation of an entry. */
  readonly #below: string;

  constructor(source: Source, collection: Collection, json: boolean) {
    const { lines, newline } = source;
    const [start, end] = collection.range;
    const entries = entriesOf(collection);
    const last = entries.at(-1);
    const outer = marginOf(lines, start);
    const margin =
      last !== undefined && isLineHead(lines, last.start) ? marginOf(lines, last.start) : undefined;
    const key = firstKey(collection);
    const isTight = /^\S[^\n]*[:,]\S/.test(lines.slice(start, end));
    this.#source = source;
    this.#range = collection.range;
    this.#entries = entries;
    this.#isJson = json;
    this.#likeJson = json || (isScalar(key) && key.type === 'QUOTE_DOUBLE');
    this.#tight = isTight && json && margin === undefined && !/": /.test(lines);
    this.#margin = margin;
    this.#unit = margin?.startsWith(outer) === true && margin !== outer ? margin.slice(outer.length) : '  ';
    this.#below = newline + (margin ?? `${within(lines, start)}  `);
  }

  addPairs(pairs: ValueMap, inherited: ReadonlySet<string>): Edit[] {
    const printed = Object.entries(pairs).map(([key, value]) => {
      const name = this.#likeJson ? quote(key) : printScalar(key);
      return inherited.has(key)
        ? `${name}:${remarkOn(INHERITED, true)}${this.#below}${this.#unit}${this.#print(value)}`
        : name + (this.#tight ? ':' : ': ') + this.#print(value);
    });
    return this.#add(this.#entries.length, printed);
  }

  addItems(index: number, items: readonly Value[]): Edit[] {
    return this.#add(
      index,
      items.map((item) => this.#print(item)),
    );
  }

  /** Removes the entries at these indexes, with a comma each. */
  remove(indexes: readonly number[]): Edit[] {
    const { lines } = this.#source;
    const entries = this.#entries;
    const kept = entries.findLastIndex((_, index) => !indexes.includes(index));
    const edits = entries.flatMap((entry, index) =>
      indexes.includes(index) && index < kept ? [removeBefore(lines, entry)] : [],
    );
    const [before, first, last] = [entries[kept], entries[kept + 1], entries.at(-1)];
    if (first === undefined || last === undefined) return edits;
    if (before === undefined) return [...edits, { start: first.start, end: last.end, text: '' }];
    const start = lines.slice(0, first.start).trimEnd().length;
    const [behind] = COMMA.exec(lines.slice(last.end)) ?? [];
    const comma = before.end + (COMMA.exec(lines.slice(before.end))?.[0].length ?? 0);
    return behind === undefined
      ? [...edits, { start: comma - 1, end: comma, text: '' }, { start, end: last.end, text: '' }]
      : [...edits, { start, end: last.end + behind.length, text: '' }];
  }

  replace(entry: Entry, value: Value, remark: Remark | undefined): Edit {
    const { text, lines } = this.#source;
    const { value: old, end } = entry;
    const printed = this.#print(value);
    if (this.#isJson) {
      const [from, to] = old?.range ?? [entry.head, entry.head];
      return from === to ? insert(entry.head, ` ${printed}`) : { start: from, end: to, text: printed };
    }
    const start =
      remark?.from ?? (entry.key === null ? behindBlanks(lines, entry.start) : placeOf(entry, value));
    const quoted = entry.alone ? ALONE : (remark?.quoted ?? text.slice(start, end));
    const colon = entry.alone ? ':' : '';
    return { start, end, text: `${colon}${remarkOn(quoted, true)}${this.#below}${this.#unit}${printed}` };
  }

  #print(value: Value): string {
    if (!this.#likeJson) return printFlow(value);
    if (this.#margin === undefined) return printJson(value, undefined, this.#tight);
    return printJson(value, this.#unit).replaceAll('\n', this.#below);
  }

  /** Adds printed entries before the one at `index`, or behind the last. */
  #add(index: number, printed: readonly string[]): Edit[] {
    const next = this.#entries[index];
    const last = this.#entries.at(-1);
    const space = this.#margin === undefined ? (this.#tight ? '' : ' ') : this.#below;
    if (last === undefined) return [insert(this.#range[0] + 1, printed.join(`,${space}`))];
    if (next !== undefined) return [addBefore(this.#source, next, printed, space)];
    const gap = this.#source.lines.slice(last.end, this.#range[1] - 1);
    const place = last.end + gap.trimEnd().length;
    const text = (gap.includes('#') ? this.#below : space) + printed.join(`,${space}`);
    // A trailing comma stays one.
    return COMMA.test(gap) ? [insert(place, `${text},`)] : [insert(last.end, ','), insert(place, text)];
  }
}

/** Comments in the lines above `next` stay with it. */
function addBefore({ lines, newline }: Source, next: Entry, printed: readonly string[], space: string): Edit {
  if (!isLineHead(lines, next.start))
    return insert(next.start, printed.map((one) => `${one},${space}`).join(''));
  const margin = marginOf(lines, next.start);
  const above = aboveComments(lines, next.start);
  return insert(above, printed.map((one) => `${margin}${one},${newline}`).join(''));
}

function removeBefore(lines: string, { start, end }: Entry): Edit {
  const behind = end + (COMMA.exec(lines.slice(end))?.[0].length ?? 0);
  const isWholeLine =
    isLineHead(lines, start) && /^[ \t]*\r?$/m.test(lines.slice(behind, nextLine(lines, behind)));
  if (isWholeLine) return { start: lineStart(lines, start), end: nextLine(lines, behind), text: '' };
  const gap = /^\s*/.exec(lines.slice(behind))?.[0].length ?? 0;
  return { start, end: behind + gap, text: '' };
}

function behindBlanks(lines: string, position: number): number {
  return position - (/[ \t]*$/.exec(lines.slice(lineStart(lines, position), position))?.[0].length ?? 0);
}

function firstKey(node: ParsedNode | null): ParsedNode | undefined {
  if (!isCollection(node)) return undefined;
  if (isMap(node)) return node.items[0]?.key;
  return firstKey(node.items[0] ?? null);
}

function marginOf(source: string, position: number): string {
  return /^[ \t]*/.exec(source.slice(lineStart(source, position), position))?.[0] ?? '';
}

/** The spaces up to the content of the line, which may be behind dashes. */
function within(lines: string, position: number): string {
  const before = lines.slice(lineStart(lines, position), position);
  return (/^(?:[ \t]|[-?](?=[ \t]))*/.exec(before)?.[0] ?? '').replaceAll(/[-?]/g, ' ');
}

const insert = (position: number, text: string): Edit => ({ start: position, end: position, text });
