import { isMap, type ParsedNode } from 'yaml';
import { type Entry, entriesOf, isCollection } from './layout.ts';
import type { Reading } from './read.ts';
import { remarked } from './remark.ts';
import { adding, type Change, childOf, mapOf, removing, type Value } from './value.ts';

/** What taking out does at `path` of a document: what was there before injection, as remarks tell of it, comes back. */
export function removal(source: string, reading: Reading, path: readonly string[]): Change {
  const entry = entryAt(reading, path);
  const left = entry && remains(source, reading, entry);
  return left === undefined ? removing : adding(left);
}

function remains(source: string, reading: Reading, { value, ...entry }: Entry): Value | undefined {
  const before = remarked(source, { value, ...entry });
  if (before !== undefined || !isCollection(value) || !isMap(value)) return before;
  const left = entriesOf(value).flatMap((child) => {
    const old = remarked(source, child);
    const name = reading.nameOf(child.key);
    return old === undefined || name === undefined ? [] : [[name, old] as const];
  });
  return left.length > 0 ? mapOf(left) : undefined;
}

/** Of a pair in a block map; undefined for any other. */
function entryAt(reading: Reading, path: readonly string[]): Entry | undefined {
  let node: ParsedNode | null = reading.contents;
  let entry: Entry | undefined;
  for (const step of path) {
    if (!isCollection(node)) return undefined;
    const collection = node;
    const entries: readonly Entry[] = entriesOf(collection);
    entry = isMap(collection)
      ? entries.findLast(({ key }) => reading.nameOf(key) === step)
      : entries[Number(step)];
    if (
      isMap(collection) &&
      reading.valueOf(entry?.value ?? null) !== (childOf(reading.valueOf(collection), step) ?? null)
    )
      return undefined;
    if (collection.flow === true) return undefined;
    node = entry?.value ?? null;
  }
  return entry;
}
