import { isMap, isScalar, type ParsedNode } from 'yaml';
import type { Edit } from './edit.ts';
import {
  type Collection,
  type Entry,
  entriesOf,
  isCollection,
  isLineHead,
  lineStart,
  newlineOf,
} from './layout.ts';
import { printFlow, printJson, printScalar } from './print.ts';
import type { Value } from './value.ts';

/** Changes of the text within braces and brackets, JSON among them. */

export interface FlowStyle {
  readonly json: boolean;
  /** No space behind `:` and `,`. */
  readonly tight: boolean;
  /** Of a new line for each entry; undefined where they stand in one. */
  readonly margin: string | undefined;
  /** By which what is within is indented further. */
  readonly unit: string;
}

export function flowStyle(source: string, collection: Collection, json: boolean): FlowStyle {
  const last = entriesOf(collection).at(-1);
  const outer = marginOf(source, collection.range[0]);
  const margin =
    last !== undefined && isLineHead(source, last.start) ? marginOf(source, last.start) : undefined;
  const key = firstKey(collection);
  const isTight = /^\S[^\n]*[:,]\S/.test(source.slice(collection.range[0], collection.range[1]));
  return {
    json: json || (isScalar(key) && key.type === 'QUOTE_DOUBLE'),
    tight: isTight && json && margin === undefined && !/": /.test(source),
    margin,
    unit: margin?.startsWith(outer) === true && margin !== outer ? margin.slice(outer.length) : '  ',
  };
}

export function printIn(source: string, style: FlowStyle, value: Value): string {
  if (!style.json) return printFlow(value);
  if (style.margin === undefined) return printJson(value, undefined, style.tight);
  return printJson(value, style.unit).replaceAll('\n', newlineOf(source) + style.margin);
}

export function printKeyIn(style: FlowStyle, key: string): string {
  return (style.json ? JSON.stringify(key) : printScalar(key)) + (style.tight ? ':' : ': ');
}

/** Puts printed entries before the one of `index`, or behind the last. */
export function addPrinted(
  source: string,
  collection: Collection,
  index: number,
  printed: readonly string[],
  style: FlowStyle,
): Edit {
  const entries = entriesOf(collection);
  const comma = `,${style.margin === undefined ? (style.tight ? '' : ' ') : newlineOf(source) + style.margin}`;
  const next = entries[index];
  if (next !== undefined) return insert(next.start, printed.map((text) => text + comma).join(''));
  const last = entries.at(-1);
  if (last !== undefined) return insert(last.end, printed.map((text) => comma + text).join(''));
  return insert(collection.range[0] + 1, printed.join(comma));
}

/** Takes the entries of these indexes out, with a comma each. */
export function removeFromFlow(entries: readonly Entry[], indexes: ReadonlySet<number>): Edit[] {
  const kept = entries.filter((_, index) => !indexes.has(index)).at(-1);
  const tail = kept === undefined ? 0 : entries.indexOf(kept) + 1;
  const edits = [...indexes].flatMap((index): Edit[] => {
    const [start, next] = [entries[index]?.start, entries[index + 1]?.start];
    return index < tail && start !== undefined && next !== undefined ? [{ start, end: next, text: '' }] : [];
  });
  const [first, last] = [entries[tail], entries.at(-1)];
  if (first === undefined || last === undefined) return edits;
  return [...edits, { start: kept?.end ?? first.start, end: last.end, text: '' }];
}

/** Another value within braces. */
export function replaceInFlow(
  source: string,
  { head, value: old }: Entry,
  value: Value,
  style: FlowStyle,
): Edit {
  const [start = head, end = head] = old?.range ?? [];
  const text = printIn(source, style, value);
  return start === end ? { start: head, end: head, text: ` ${text}` } : { start, end, text };
}

function firstKey(node: ParsedNode | null): ParsedNode | undefined {
  if (!isCollection(node)) return undefined;
  if (isMap(node)) return node.items[0]?.key;
  return firstKey(node.items[0] ?? null);
}

function marginOf(source: string, position: number): string {
  return /^[ \t]*/.exec(source.slice(lineStart(source, position), position))?.[0] ?? '';
}

const insert = (position: number, text: string): Edit => ({ start: position, end: position, text });
