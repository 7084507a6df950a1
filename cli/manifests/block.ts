import { isMap, isScalar, type ParsedNode } from 'yaml';
import type { Edit } from './edit.ts';
import type { Editor } from './editor.ts';
import {
  type Collection,
  columnOf,
  type Entry,
  entriesOf,
  isLineHead,
  lineEnd,
  lineStart,
  nextLine,
} from './layout.ts';
import { type BlockStyle, indent, printBlock, printItem, printScalar } from './print.ts';
import { INHERITED, type Remark, remarkOn } from './remark.ts';
import type { Source } from './source.ts';
import { styleIn } from './style.ts';
import { isLeaf, isListValue, mapOf, type Value, type ValueMap } from './value.ts';

/** Edits a map or list in block style, whose entries have lines of their own. */
export class BlockEditor implements Editor {
  readonly #source: Source;
  readonly #isItems: boolean;
  readonly #entries: readonly Entry[];
  readonly #style: BlockStyle;

  /** `contents` are those of the document. */
  constructor(source: Source, node: Collection, contents: ParsedNode | null) {
    this.#source = source;
    this.#isItems = !isMap(node);
    this.#entries = entriesOf(node);
    this.#style = styleIn(source.lines, contents, node);
  }

  addPairs(pairs: ValueMap, inherited: ReadonlySet<string>): [Edit | undefined] {
    const last = this.#entries.at(-1);
    if (last === undefined) return [undefined];
    const lines = Object.entries(pairs).flatMap(([name, value]) => {
      const [first = '', ...rest] = printBlock(mapOf([[name, value]]), this.#style);
      return inherited.has(name) && rest.length > 0
        ? [first + remarkOn(` ${INHERITED}`, false), ...rest]
        : [first, ...rest];
    });
    return [this.#below(last, indent(lines, columnOf(this.#source.lines, last.start)))];
  }

  addItems(index: number, items: readonly Value[]): [Edit | undefined] {
    const { lines } = this.#source;
    const next = this.#entries[index];
    const neighbour = next ?? this.#entries.at(-1);
    if (neighbour === undefined) return [undefined];
    const printed = indent(
      items.flatMap((item) => printItem(item, this.#style)),
      columnOf(lines, neighbour.start),
    );
    if (next === undefined) return [this.#below(neighbour, printed)];
    return [isLineHead(lines, next.start) ? this.#at(aboveComments(lines, next.start), printed) : undefined];
  }

  /** Comments above an entry stay. */
  remove(indexes: readonly number[]): (Edit | undefined)[] {
    const { lines } = this.#source;
    return indexes.map((index) => {
      const entry = this.#entries[index];
      if (entry === undefined) return undefined;
      const { start, end } = entry;
      if (isLineHead(lines, start))
        return { start: lineStart(lines, start), end: nextLine(lines, end), text: '' };
      // It is behind the dash of an item, where the next entry takes its place.
      const next = this.#entries[index + 1];
      return next && { start, end: next.start, text: '' };
    });
  }

  replace(entry: Entry, value: Value, remark: Remark | undefined): Edit {
    const { text, lines, newline } = this.#source;
    const start = remark?.from ?? placeOf(entry, value);
    const end = lineEnd(lines, entry.end);
    const within = isListValue(value) && !isLeaf(value) && this.#style.flush ? 0 : this.#style.step;
    const block = isLeaf(value) ? [printScalar(value)] : printBlock(value, this.#style);
    const printed = indent(block, columnOf(lines, entry.start) + (this.#isItems ? 2 : within));
    const old = remarkOn(remark?.quoted ?? text.slice(start, end), false);
    return { start, end, text: [old, ...printed].join(newline) };
  }

  #below({ end }: Entry, printed: readonly string[]): Edit {
    return this.#at(nextLine(this.#source.lines, end), printed);
  }

  #at(position: number, printed: readonly string[]): Edit {
    const { lines, newline } = this.#source;
    const isBehindLast = position === lines.length && !lines.endsWith('\n');
    const text = isBehindLast ? newline + printed.join(newline) : printed.join(newline) + newline;
    return { start: position, end: position, text };
  }
}

/** Where a new value begins: an anchor stays, a tag for null does not. */
export function placeOf({ value: old, bare, head }: Entry, value: Value): number {
  return isScalar(old) && old.tag !== undefined && !(typeof value === 'string') ? bare : head;
}

/** Where the comments right above an item begin, as they belong to it. */
export function aboveComments(source: string, position: number): number {
  let start = lineStart(source, position);
  while (start > 0) {
    const above = lineStart(source, start - 1);
    if (!/^[ \t]*#/.test(source.slice(above, start)) || above === start) break;
    start = above;
  }
  return start;
}
