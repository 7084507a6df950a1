import { isMap, isScalar, type ParsedNode } from 'yaml';
import { aboveComments, placeOf } from './block.ts';
import type { Edit } from './edit.ts';
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
import type { Value } from './value.ts';

/** Edits within braces and brackets, JSON included. */

export interface FlowStyle {
  readonly json: boolean;
  /** Without a space behind `:` and `,`. */
  readonly tight: boolean;
  /** The indentation of entries that have lines of their own; undefined where they share one. */
  readonly margin: string | undefined;
  /** The further indentation of a level. */
  readonly unit: string;
  /** A newline with the indentation of an entry. */
  readonly below: string;
  /** JSON has no comments. */
  readonly remarks: boolean;
}

const COMMA = /^(?:\s|#[^\n]*\n)*,/;

export function flowStyle({ lines, newline }: Source, collection: Collection, json: boolean): FlowStyle {
  const [start, end] = collection.range;
  const last = entriesOf(collection).at(-1);
  const outer = marginOf(lines, start);
  const margin =
    last !== undefined && isLineHead(lines, last.start) ? marginOf(lines, last.start) : undefined;
  const key = firstKey(collection);
  const isTight = /^\S[^\n]*[:,]\S/.test(lines.slice(start, end));
  return {
    json: json || (isScalar(key) && key.type === 'QUOTE_DOUBLE'),
    tight: isTight && json && margin === undefined && !/": /.test(lines),
    margin,
    unit: margin?.startsWith(outer) === true && margin !== outer ? margin.slice(outer.length) : '  ',
    below: newline + (margin ?? `${within(lines, start)}  `),
    remarks: !json,
  };
}

export function printIn(style: FlowStyle, value: Value): string {
  if (!style.json) return printFlow(value);
  if (style.margin === undefined) return printJson(value, undefined, style.tight);
  return printJson(value, style.unit).replaceAll('\n', style.below);
}

export function printPairIn(style: FlowStyle, key: string, value: Value, isInherited: boolean): string {
  const name = style.json ? quote(key) : printScalar(key);
  const printed = printIn(style, value);
  if (isInherited) return `${name}:${remarkOn(INHERITED, true)}${style.below}${style.unit}${printed}`;
  return name + (style.tight ? ':' : ': ') + printed;
}

/** Adds printed entries before the one at `index`, or behind the last. */
export function addPrinted(
  source: Source,
  collection: Collection,
  index: number,
  printed: readonly string[],
  style: FlowStyle,
): Edit[] {
  const entries = entriesOf(collection);
  const next = entries[index];
  const last = entries.at(-1);
  const space = style.margin === undefined ? (style.tight ? '' : ' ') : style.below;
  if (last === undefined) return [insert(collection.range[0] + 1, printed.join(`,${space}`))];
  if (next !== undefined) return [addBefore(source, next, printed, space)];
  const gap = source.lines.slice(last.end, collection.range[1] - 1);
  const hasComma = COMMA.test(gap);
  const isBelow = /#/.test(gap);
  const place = last.end + gap.trimEnd().length;
  const text = (isBelow ? style.below : space) + printed.join(`,${space}`);
  // A trailing comma stays one.
  return hasComma ? [insert(place, `${text},`)] : [insert(last.end, ','), insert(place, text)];
}

/** Comments in the lines above `next` stay with it. */
function addBefore({ lines, newline }: Source, next: Entry, printed: readonly string[], space: string): Edit {
  const text = (behind: string) => printed.map((one) => `${one},${behind}`).join('');
  if (!isLineHead(lines, next.start)) return insert(next.start, text(space));
  const margin = marginOf(lines, next.start);
  const above = aboveComments(lines, next.start);
  return insert(above, printed.map((one) => `${margin}${one},${newline}`).join(''));
}

/** Removes the entries at these indexes, with a comma each. */
export function removeFromFlow(
  lines: string,
  entries: readonly Entry[],
  indexes: ReadonlySet<number>,
): Edit[] {
  const kept = entries.findLastIndex((_, index) => !indexes.has(index));
  const edits = entries.flatMap((entry, index) =>
    indexes.has(index) && index < kept ? [removeBefore(lines, entry)] : [],
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

function removeBefore(lines: string, { start, end }: Entry): Edit {
  const behind = end + (COMMA.exec(lines.slice(end))?.[0].length ?? 0);
  const isWholeLine =
    isLineHead(lines, start) && /^[ \t]*\r?$/m.test(lines.slice(behind, nextLine(lines, behind)));
  if (isWholeLine) return { start: lineStart(lines, start), end: nextLine(lines, behind), text: '' };
  const gap = /^\s*/.exec(lines.slice(behind))?.[0].length ?? 0;
  return { start, end: behind + gap, text: '' };
}

/** Replaces a value, and adds a remark with the value before injection. */
export function replaceInFlow(
  { text, lines }: Source,
  entry: Entry,
  value: Value,
  style: FlowStyle,
  remark: Remark | undefined,
): Edit {
  const { value: old, end } = entry;
  const printed = printIn(style, value);
  if (!style.remarks) {
    const [from, to] = old?.range ?? [entry.head, entry.head];
    return from === to
      ? { start: entry.head, end: entry.head, text: ` ${printed}` }
      : { start: from, end: to, text: printed };
  }
  const start =
    remark?.from ?? (entry.key === null ? behindBlanks(lines, entry.start) : placeOf(entry, value));
  const quoted = entry.alone ? ALONE : (remark?.quoted ?? text.slice(start, end));
  const colon = entry.alone ? ':' : '';
  return { start, end, text: `${colon}${remarkOn(quoted, true)}${style.below}${style.unit}${printed}` };
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
