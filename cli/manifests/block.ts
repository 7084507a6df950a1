import { isScalar } from 'yaml';
import type { Edit } from './edit.ts';
import { columnOf, type Entry, isLineHead, lineEnd, lineStart, nextLine } from './layout.ts';
import { type BlockStyle, indent, printBlock, printItem, printScalar } from './print.ts';
import { INHERITED, type Remark, remarkOn } from './remark.ts';
import type { Source } from './source.ts';
import { isLeaf, isListValue, mapOf, type Value, type ValueMap } from './value.ts';

/** Edits of maps and lists in block style, which have lines of their own. */

/** `inherited`: the names that a merged map has with other values. */
export function addPairs(
  source: Source,
  entries: readonly Entry[],
  pairs: ValueMap,
  inherited: ReadonlySet<string>,
  style: BlockStyle,
): Edit | undefined {
  const last = entries.at(-1);
  if (last === undefined) return undefined;
  const lines = Object.entries(pairs).flatMap(([name, value]) => {
    const [first = '', ...rest] = printBlock(mapOf([[name, value]]), style);
    return inherited.has(name) && rest.length > 0
      ? [first + remarkOn(` ${INHERITED}`, false), ...rest]
      : [first, ...rest];
  });
  return linesBelow(source, last, indent(lines, columnOf(source.lines, last.start)));
}

/** Adds items before the one at `index`, or behind the last. */
export function addItems(
  source: Source,
  entries: readonly Entry[],
  index: number,
  items: readonly Value[],
  style: BlockStyle,
): Edit | undefined {
  const next = entries[index];
  const neighbour = next ?? entries.at(-1);
  if (neighbour === undefined) return undefined;
  const lines = indent(
    items.flatMap((item) => printItem(item, style)),
    columnOf(source.lines, neighbour.start),
  );
  if (next === undefined) return linesBelow(source, neighbour, lines);
  return isLineHead(source.lines, next.start)
    ? linesAt(source, aboveComments(source.lines, next.start), lines)
    : undefined;
}

/** Removes an entry with its lines. Comments above it stay. */
export function removeEntry(lines: string, entries: readonly Entry[], index: number): Edit | undefined {
  const entry = entries[index];
  if (entry === undefined) return undefined;
  const { start, end } = entry;
  if (isLineHead(lines, start))
    return { start: lineStart(lines, start), end: nextLine(lines, end), text: '' };
  // It is behind the dash of an item, where the next entry takes its place.
  const next = entries[index + 1];
  return next && { start, end: next.start, text: '' };
}

/** Replaces the value of a pair or an item, and adds a remark with the value before injection. */
export function replaceValue(
  { text, lines, newline }: Source,
  entry: Entry,
  isItem: boolean,
  value: Value,
  style: BlockStyle,
  remark: Remark | undefined,
): Edit {
  const start = remark?.from ?? placeOf(entry, value);
  const end = lineEnd(lines, entry.end);
  const within = isListValue(value) && !isLeaf(value) && style.flush ? 0 : style.step;
  const block = isLeaf(value) ? [printScalar(value)] : printBlock(value, style);
  const printed = indent(block, columnOf(lines, entry.start) + (isItem ? 2 : within));
  return {
    start,
    end,
    text: [remarkOn(remark?.quoted ?? text.slice(start, end), false), ...printed].join(newline),
  };
}

/** Where a new value begins: an anchor stays, a tag for null does not. */
export function placeOf({ value: old, bare, head }: Entry, value: Value): number {
  return isScalar(old) && old.tag !== undefined && !(typeof value === 'string') ? bare : head;
}

function linesBelow(source: Source, { end }: Entry, lines: readonly string[]): Edit {
  return linesAt(source, nextLine(source.lines, end), lines);
}

function linesAt({ lines: source, newline }: Source, position: number, lines: readonly string[]): Edit {
  const isBehindLast = position === source.length && !source.endsWith('\n');
  const text = isBehindLast ? newline + lines.join(newline) : lines.join(newline) + newline;
  return { start: position, end: position, text };
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
