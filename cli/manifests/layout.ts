import { type CST, isAlias, isMap, isScalar, type ParsedNode, type YAMLMap, type YAMLSeq } from 'yaml';

export type Collection = YAMLMap.Parsed | YAMLSeq.Parsed;

/** A pair of a map or an item of a list, with its positions in the source. */
export interface Entry {
  readonly key: ParsedNode | null;
  readonly value: ParsedNode | null;
  readonly start: number;
  /** Behind `:` or `-`. */
  readonly bare: number;
  /** Behind an anchor or a tag of the value, too. */
  readonly head: number;
  /** Whether a key has no colon, as in `{a, b: 1}`. */
  readonly alone: boolean;
  /** Behind its last character, without comments. */
  readonly end: number;
}

const MARKS: readonly string[] = ['anchor', 'tag'];

export function isCollection(node: ParsedNode | null): node is Collection {
  return node !== null && !isScalar(node) && !isAlias(node);
}

export function entriesOf(collection: Collection): Entry[] {
  if (isMap(collection))
    return collection.items.map(({ key, value, srcToken }) => pairEntry(key, value, srcToken));
  const tokens: readonly CST.CollectionItem[] = collection.srcToken?.items ?? [];
  // The library has a further token for comments behind the last item.
  const items = tokens.filter(
    ({ start, key, sep, value }) =>
      has(start, 'seq-item-ind') || key || sep || value || has(start, 'anchor') || has(start, 'tag'),
  );
  return collection.items.map((value, index) => itemEntry(value, items[index]?.start ?? []));
}

function pairEntry(
  key: ParsedNode | null,
  value: ParsedNode | null,
  token: CST.CollectionItem | undefined,
): Entry {
  const before = token?.start.find(({ type }) => type === 'explicit-key-ind' || MARKS.includes(type));
  const start = before?.offset ?? key?.range[0] ?? value?.range[0] ?? 0;
  return entry(key, value, start, Math.max(key?.range[1] ?? 0, start), token?.sep ?? []);
}

function itemEntry(value: ParsedNode, tokens: readonly CST.SourceToken[]): Entry {
  const first = tokens.find(({ type }) => type === 'seq-item-ind' || MARKS.includes(type));
  const start = first?.offset ?? value.range[0];
  return entry(null, value, start, start, tokens);
}

function entry(
  key: ParsedNode | null,
  value: ParsedNode | null,
  start: number,
  least: number,
  tokens: readonly CST.SourceToken[],
): Entry {
  const bare = Math.max(least, ...endsOf(tokens, ['map-value-ind', 'seq-item-ind']));
  const head = Math.max(bare, ...endsOf(tokens, MARKS));
  const alone = key !== null && !has(tokens, 'map-value-ind');
  return { key, value, start, bare, head, alone, end: Math.max(head, nodeEnd(value)) };
}

function endsOf(tokens: readonly CST.SourceToken[], types: readonly string[]): number[] {
  return tokens
    .filter(({ type }) => types.includes(type))
    .map(({ offset, source }) => offset + source.length);
}

function has(tokens: readonly CST.SourceToken[], type: CST.SourceToken['type']): boolean {
  return tokens.some((token) => token.type === type);
}

/** Where a node ends, without the comments behind it. */
export function nodeEnd(node: ParsedNode | null): number {
  // The library places an empty node behind spaces.
  if (node === null || node.range[0] === node.range[1]) return 0;
  if (isCollection(node) && node.flow !== true) return entriesOf(node).at(-1)?.end ?? node.range[1];
  return node.range[1];
}

export function lineStart(source: string, position: number): number {
  const start = source.lastIndexOf('\n', position - 1) + 1;
  return start === 0 && source.startsWith('\uFEFF') ? 1 : start;
}

/** Where the line after `end` begins; that is `end` itself where it is behind a newline, as for a block scalar. */
export function nextLine(source: string, end: number): number {
  if (end > 0 && source[end - 1] === '\n') return end;
  const newline = source.indexOf('\n', end);
  return newline < 0 ? source.length : newline + 1;
}

/** The end of the line, without its newline. */
export function lineEnd(source: string, end: number): number {
  const next = nextLine(source, end);
  return next - (/\r?\n$/.exec(source.slice(Math.max(next - 2, 0), next))?.[0].length ?? 0);
}

export function columnOf(source: string, position: number): number {
  return position - lineStart(source, position);
}

/** Whether only spaces are before it in its line. */
export function isLineHead(source: string, position: number): boolean {
  return /^[ \t]*$/.test(source.slice(lineStart(source, position), position));
}
