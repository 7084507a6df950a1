import type { Edit } from './edit.ts';
import { columnOf, type Entry, isLineHead, lineStart, newlineOf, nextLine } from './layout.ts';
import { type BlockStyle, indent, printBlock, printItem, printScalar } from './print.ts';
import { remarked, remarkOn, restore } from './remark.ts';
import { isLeaf, isListValue, type Value, type ValueMap } from './value.ts';

/** Changes of the text where a map or a list stands in lines of its own. */

export function addPairs(
  source: string,
  entries: readonly Entry[],
  pairs: ValueMap,
  style: BlockStyle,
): Edit | undefined {
  const last = entries.at(-1);
  if (last === undefined) return undefined;
  return linesBelow(source, last, indent(printBlock(pairs, style), columnOf(source, last.start)));
}

/** Puts items before the one of `index`, or behind the last. */
export function addItems(
  source: string,
  entries: readonly Entry[],
  index: number,
  items: readonly Value[],
  style: BlockStyle,
): Edit | undefined {
  const next = entries[index];
  const neighbour = next ?? entries.at(-1);
  if (neighbour === undefined) return undefined;
  const column = columnOf(source, neighbour.start);
  const lines = indent(
    items.flatMap((item) => printItem(item, style)),
    column,
  );
  if (next === undefined) return linesBelow(source, neighbour, lines);
  return isLineHead(source, next.start)
    ? linesAt(source, aboveComments(source, next.start), lines)
    : undefined;
}

/** `index`: of an entry that goes with its lines. Comments above it stay. */
export function removeEntry(source: string, entries: readonly Entry[], index: number): Edit | undefined {
  const entry = entries[index];
  if (entry === undefined) return undefined;
  const { start, end } = entry;
  if (isLineHead(source, start))
    return { start: lineStart(source, start), end: nextLine(source, end), text: '' };
  // It stands behind the dash of an item, whose place the next one takes.
  const next = entries[index + 1];
  return next && { start, end: next.start, text: '' };
}

/** Another value for the pair of a map, or for the item of a list. */
export function replaceValue(
  source: string,
  entry: Entry,
  isItem: boolean,
  value: Value,
  style: BlockStyle,
): Edit[] {
  const { head, end, start } = entry;
  const [from = head, to = head] = entry.value?.range ?? [];
  const old = source.slice(from, to).trimEnd();
  if (isLeaf(value)) {
    if (remarked(source, entry) !== undefined) return restore(source, entry);
    if (old === '') return [{ start: head, end: head, text: ` ${printScalar(value)}` }];
    return [{ start: from, end: from + old.length, text: printScalar(value) }];
  }
  const within = isListValue(value) && style.flush ? 0 : style.step;
  const lines = indent(printBlock(value, style), columnOf(source, start) + (isItem ? 2 : within));
  const remark = remarkOn(source, entry);
  const cleared = { start: head, end: Math.max(head, from + old.length), text: '' };
  return [remark ?? cleared, linesAt(source, nextLine(source, remark ? head : end), lines)];
}

function linesBelow(source: string, { end }: Entry, lines: readonly string[]): Edit {
  return linesAt(source, nextLine(source, end), lines);
}

function linesAt(source: string, position: number, lines: readonly string[]): Edit {
  const newline = newlineOf(source);
  const isBehindLast = position === source.length && !source.endsWith('\n');
  const text = isBehindLast ? newline + lines.join(newline) : lines.join(newline) + newline;
  return { start: position, end: position, text };
}

/** Comments right above an item stay with it. */
function aboveComments(source: string, position: number): number {
  let start = lineStart(source, position);
  while (start > 0) {
    const above = lineStart(source, start - 1);
    if (!/^[ \t]*#/.test(source.slice(above, start)) || above === start) break;
    start = above;
  }
  return start;
}
