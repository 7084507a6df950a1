import type { ParsedNode } from 'yaml';
import {
  type Collection,
  type Entry,
  entriesOf,
  isCollection,
  isLineHead,
  lineEnd,
  lineStart,
} from './layout.ts';
import { quote } from './print.ts';
import { withKnownBreaks } from './source.ts';
import type { Value } from './value.ts';

/**
 * The text that a value had before injection: `volumes: # before injection: []`, so that `uninject` can restore it to the
 * letter. It is a comment, as everything else in a manifest has a meaning for others; JSON has none.
 */
const REMARK = '# before injection:';
const AT_HEAD = /^([ \t]*)# before injection:(.*)$/;
const ABOVE = /# before injection: ("(?:[^"\\]|\\.)*")[ \t]*\r?\n$/;
const QUOTED = /^ ("(?:[^"\\]|\\.)*")/;

/** For a pair that was inherited from a merged map. */
export const INHERITED = '<<';

/** For a key in braces that had no colon. */
export const ALONE = '!';

export interface Remark {
  readonly parent: Collection;
  readonly entry: Entry;
  /** The former text, and where it began. */
  readonly old: string;
  readonly start: number;
  /** The text of the remark, and where it begins. */
  readonly quoted: string;
  readonly from: number;
  /** Where the remark ends, and its value begins. */
  readonly until: number;
  /** The end of what the former text replaces. */
  readonly end: number;
}

/** What was there, by a remark. */
export type Former =
  | { readonly kind: 'alias'; readonly name: string }
  | { readonly kind: 'inherited' }
  | { readonly kind: 'value'; readonly value: Value };

/** The remark before a value that begins in the next line; in braces, others may share the old line. */
export function remarkOn(old: string, isFlow: boolean): string {
  const [gap = ''] = /^[ \t]*/.exec(old) ?? [];
  const rest = old.slice(gap.length);
  if (!isFlow && rest === '') return ` ${REMARK}${old}`;
  const isReadable = !isFlow && gap !== '' && !rest.startsWith('"') && !withKnownBreaks(old).includes('\n');
  return isReadable ? `${gap}${REMARK} ${rest}` : ` ${REMARK} ${quote(old)}`;
}

/** By their values, the outer ones first. */
export function remarksIn(lines: string, contents: ParsedNode | null): Map<ParsedNode, Remark> {
  const remarks = lines.includes(REMARK) ? remarksBelow(lines, contents) : [];
  return new Map(
    remarks.flatMap((remark) => (remark.entry.value === null ? [] : [[remark.entry.value, remark] as const])),
  );
}

function remarksBelow(lines: string, node: ParsedNode | null): Remark[] {
  if (!isCollection(node)) return [];
  return entriesOf(node).flatMap((entry) => {
    const own = remarkOf(lines, node, entry);
    return [...(own ? [own] : []), ...remarksBelow(lines, entry.value)];
  });
}

function remarkOf(lines: string, parent: Collection, entry: Entry): Remark | undefined {
  const isFlow = parent.flow === true;
  const end = isFlow ? entry.end : lineEnd(lines, entry.end);
  if (isFlow && entry.key === null) return remarkAbove(lines, parent, entry, end);
  const until = lineEnd(lines, entry.head);
  const [, gap = '', payload] = AT_HEAD.exec(lines.slice(entry.head, until)) ?? [];
  const old = payload === undefined ? undefined : oldText(gap, payload);
  if (old === undefined) return undefined;
  const remark = { parent, entry, quoted: old, from: entry.head, until, end };
  return old === ALONE
    ? { ...remark, old: '', start: entry.head - 1 }
    : { ...remark, old, start: entry.head };
}

/** A remark about an item in brackets is in the line above it. */
function remarkAbove(lines: string, parent: Collection, entry: Entry, end: number): Remark | undefined {
  if (!isLineHead(lines, entry.start)) return undefined;
  const line = lineStart(lines, entry.start);
  const above = lineStart(lines, line - 1);
  const found = ABOVE.exec(lines.slice(above, line));
  const old = unquote(found?.[1]);
  if (!found || old === undefined) return undefined;
  const start = above + found.index - 1;
  return { parent, entry, old, start, quoted: old, from: start, until: entry.start, end };
}

function oldText(gap: string, payload: string): string | undefined {
  if (payload.trim() === '') return payload;
  if (payload.startsWith(' "')) return unquote(QUOTED.exec(payload)?.[1]);
  return payload.startsWith(' ') ? gap + payload.slice(1) : undefined;
}

function unquote(quoted: string | undefined): string | undefined {
  try {
    return quoted === undefined ? undefined : String(JSON.parse(quoted));
  } catch {
    return undefined; // Another comment.
  }
}

const COMMENT = /(?:^|[ \t]+)#[^\n]*/gm;

export function formerOf({ old }: Remark): Former {
  const said = withKnownBreaks(old)
    .replaceAll(COMMENT, '')
    .trim()
    .replace(/^(?:[!&]\S*(?:\s+|$))+/, '');
  if (said === INHERITED) return { kind: 'inherited' };
  if (said.startsWith('*')) return { kind: 'alias', name: said.slice(1) };
  if (said.startsWith('[')) return { kind: 'value', value: [] };
  return { kind: 'value', value: said.startsWith('{') ? {} : null };
}

/** The comments in the former text, which stay when the remark is removed. */
export function commentsIn(old: string): string[] {
  const comments = withKnownBreaks(old).matchAll(COMMENT);
  return [...comments].map(([comment]) => (comment.startsWith('#') ? ` ${comment}` : comment));
}
