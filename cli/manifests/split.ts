/** A part of a file that is read by itself; all parts together are the file. */
export interface Slice {
  readonly text: string;
  /** One JSON object, of which kubectl reads several in a row; else YAML documents with `...` between them. */
  readonly json: boolean;
}

/** A line that ends a YAML document wherever it is (YAML 1.2, 9.1.2: `c-forbidden`). */
const MARKER = /^---(?=[ \t\r\n]|$)/gm;
const DIRECTIVES_ALONE = /^(?:﻿?(?:%[^\n]*|[ \t]*(?:#[^\n]*)?)(?:\n|$))*$/;

export function split(text: string): Slice[] {
  const starts = [...text.matchAll(MARKER)].map(({ index }) => index);
  const bounds = [0, ...starts.filter((start) => start > 0 && !belongsTo(text, start)), text.length];
  return bounds.slice(1).flatMap((end, index) => slices(text.slice(bounds[index], end)));
}

/** Directives, such as `%YAML 1.2`, come before the marker of their document. */
function belongsTo(text: string, marker: number): boolean {
  const before = text.slice(0, marker);
  const start = Math.max(before.lastIndexOf('\n---'), before.lastIndexOf('\n...'));
  const own = start < 0 ? before : before.slice(before.indexOf('\n', start + 1) + 1);
  return own.includes('%') && DIRECTIVES_ALONE.test(own);
}

function slices(text: string): Slice[] {
  const objects = jsonObjects(text);
  return objects?.map((object) => ({ text: object, json: true })) ?? [{ text, json: false }];
}

/** `text` cut behind each of its JSON objects; undefined where it is something else. */
function jsonObjects(text: string): string[] | undefined {
  const marker = /^(?:---[ \t]*\r?\n)?\s*/.exec(text)?.[0] ?? '';
  if (text[marker.length] !== '{') return undefined;
  const objects: string[] = [];
  let start = 0;
  for (let from = marker.length; from < text.length; ) {
    const end = endOfObject(text, from);
    if (end === undefined || !isJson(text.slice(from, end))) return undefined;
    objects.push(text.slice(start, end));
    start = end;
    from = end + (/^\s*/.exec(text.slice(end))?.[0].length ?? 0);
  }
  const rest = text.slice(start);
  return objects.map((object, index) => (index === objects.length - 1 ? object + rest : object));
}

function endOfObject(text: string, start: number): number | undefined {
  const token = /"(?:[^"\\]|\\.)*"|[{}]/gs;
  token.lastIndex = start;
  let depth = 0;
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    if (found[0] === '{') depth += 1;
    if (found[0] === '}') depth -= 1;
    if (depth === 0) return token.lastIndex;
  }
  return undefined;
}

/** A brace and then, behind spaces and comments, a quote; flow style of YAML mostly has none there, or is JSON, too. */
const LIKE_JSON = /^\ufeff?(?:---[ \t]*\r?\n)?\s*\{(?:\s|\/\/[^\n]*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*"/;
const COMMENT = /"(?:[^"\\\n]|\\.)*"|(?<=[\s{}[\],])\/[/*]/g;

/** Where `text` looks like JSON but has a comment of JavaScript, which YAML would read as a part of a key. */
export function commentInJson(text: string): number | undefined {
  if (!LIKE_JSON.test(text)) return undefined;
  for (const { 0: found, index } of text.matchAll(COMMENT)) if (!found.startsWith('"')) return index;
  return undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // YAML in braces, which is read as such.
  }
}
