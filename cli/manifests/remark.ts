import type { Edit } from './edit.ts';
import { type Entry, isCollection, nextLine } from './layout.ts';
import type { Value } from './value.ts';

/**
 * What stood in the place of a list or map that injection filled, or of an alias that it wrote out:
 * `volumes: # before injection: []`. Only so can it be put back to the letter. A comment, as nothing else in a manifest is for us alone; JSON has none.
 */
const REMARK = '# before injection:';

/** The edit that makes the old value of a pair a remark; undefined where it cannot become one. */
export function remarkOn(source: string, { head, value, end, marked }: Entry): Edit | undefined {
  const rest = restOfLine(source, head);
  const isEmpty = !isCollection(value) || value.items.length === 0;
  if (marked || !isEmpty || end > head + rest.trimEnd().length) return undefined;
  const gap = rest.search(/\S/);
  return gap < 0
    ? { start: head, end: head, text: ` ${REMARK}` }
    : { start: head + gap, end: head + gap, text: `${REMARK} ` };
}

/** The value that a remark tells of. */
export function remarked(source: string, entry: Entry): Value | undefined {
  const old = remarkOf(source, entry);
  if (old === undefined || old.startsWith('*')) return undefined;
  if (old.startsWith('{')) return {};
  return old.startsWith('[') ? [] : null;
}

/** The name of the anchor for which a remark says that an alias stood there. */
export function remarkedAlias(source: string, entry: Entry): string | undefined {
  return /^\*([^\s,[\]{}]+)/.exec(remarkOf(source, entry) ?? '')?.[1];
}

function remarkOf(source: string, { head }: Entry): string | undefined {
  const rest = restOfLine(source, head).trimStart();
  return rest.startsWith(REMARK) ? rest.slice(REMARK.length).trimStart() : undefined;
}

/** Puts the old value back instead of the lines below. */
export function restore(source: string, { head, end }: Entry): Edit[] {
  const rest = restOfLine(source, head);
  const at = rest.indexOf(REMARK);
  const after = at + REMARK.length;
  const isBare = rest.slice(after).trim() === '';
  const remark = isBare
    ? { start: head, end: head + after, text: '' }
    : { start: head + at, end: head + after + 1, text: '' };
  return [remark, { start: nextLine(source, head), end: nextLine(source, end), text: '' }];
}

function restOfLine(source: string, position: number): string {
  return source.slice(position, nextLine(source, position)).replace(/\r?\n$/, '');
}
