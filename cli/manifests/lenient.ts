import { Lexer } from 'yaml';

/**
 * kubectl accepts any indentation of lines within quotes and braces, and itself breaks long texts at the column of their
 * key; the library refuses that, as YAML 1.2 does. So such lines are joined for it. Each character keeps its position:
 * those without a meaning become marks, which `withoutMarks` removes from the values.
 */
const NOTHING = '\uf8f0';
const NEWLINE = '\uf8f1';
const MARKS = /[\uf8f0\uf8f1]/;

/** The library’s own marks between tokens (`cst.ts`). */
const SCALAR = '\u001f';
const FLOW_END = '\u0018';
const DOCUMENT = '\u0002';

const COMPLETE = /^(?:'(?:[^']|'')*'|"(?:[^"\\]|\\.)*")$/s;
const QUOTED = /'(?:[^']|'')*'|"(?:[^"\\]|\\.)*"/suy;
/** How many characters may be scanned again in total, so that a file with many errors does not take hours. */
const BUDGET = 100_000_000;

/** Joins lines as far as necessary; undefined where that does not help. */
export function joinLines(text: string): string | undefined {
  if (MARKS.test(text)) return undefined;
  let joined = text;
  for (let spent = 0; spent < BUDGET; spent += text.length) {
    const found = firstBroken(joined);
    if (found === undefined) return joined === text ? undefined : joined;
    const next = found.kind === 'quoted' ? joinQuoted(joined, found.offset) : joinFlow(joined, found.offset);
    if (next === joined) return undefined;
    joined = next;
  }
  return undefined;
}

export function withoutMarks(text: string): string {
  return MARKS.test(text) ? text.replaceAll(NOTHING, '').replaceAll(NEWLINE, '\n') : text;
}

/** Where the library would fail. */
function firstBroken(
  text: string,
): { readonly kind: 'quoted' | 'flow'; readonly offset: number } | undefined {
  let offset = 0;
  let before = '';
  for (const token of new Lexer().lex(text)) {
    if (token === FLOW_END) return { kind: 'flow', offset };
    if (before !== SCALAR && /^['"]/.test(token) && !COMPLETE.test(token)) return { kind: 'quoted', offset };
    if (![SCALAR, DOCUMENT].includes(token)) offset += token.length;
    before = token;
  }
  return undefined;
}

function joinQuoted(text: string, start: number): string {
  QUOTED.lastIndex = start;
  const quoted = QUOTED.exec(text)?.[0] ?? '';
  const joined = quoted.replaceAll(/\\\r?\n[ \t]*|\\.|[ \t]*(?:\r?\n[ \t]*)+/g, (found) => {
    if (!found.startsWith('\\')) return fold(found);
    if (quoted.startsWith("'")) return found.includes('\n') ? `\\${fold(found.slice(1))}` : found;
    return found.includes('\n') ? NOTHING.repeat(found.length) : found;
  });
  return text.slice(0, start) + joined + text.slice(start + quoted.length);
}

/** YAML 1.2, 7.3.1: a single line break is a space; of several, all but the first stay. */
function fold(lines: string): string {
  const breaks = lines.split('\n').length - 1;
  return (breaks === 1 ? ' ' : NEWLINE.repeat(breaks - 1)).padEnd(lines.length, NOTHING);
}

/** Joins the line at `offset` to the one before it, without the comment at its end. */
function joinFlow(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const end = /(?:[ \t]#[^\n]*)?(?:\n[ \t]*)+$/.exec(before)?.[0] ?? '';
  return before.slice(0, before.length - end.length) + ' '.repeat(end.length) + text.slice(offset);
}
