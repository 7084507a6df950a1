import { query } from 'jsonpath-rfc9535';
import parse from 'jsonpath-rfc9535/parser';

/** Bounds what a wrong object can put into a message. */
const SHOWN = 60;

/** The forms that people know from kubectl, `.a` and `{.a}`, as RFC 9535 has them: `$.a`. */
export function canonicalPath(text: string): string {
  const inner = /^\{(.*)\}$/s.exec(text.trim())?.[1]?.trim() ?? text.trim();
  return /^[.[]/.test(inner) ? `$${inner}` : inner;
}

/** What is wrong with a canonical path; undefined when nothing is. */
export function pathProblem(path: string): string | undefined {
  try {
    parse(path);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'it cannot be parsed';
  }
}

export type Selected =
  | { readonly kind: 'one'; readonly value: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'several'; readonly values: readonly string[] }
  | { readonly kind: 'no text'; readonly found: string };

/** The one text that a canonical path selects. The same text several times counts as one, an empty one as none. */
export function select(document: unknown, path: string): Selected {
  const found = query(document as Parameters<typeof query>[0], path).filter((value) => value !== null);
  const other = found.find((value) => typeof value !== 'string');
  if (other !== undefined) return { kind: 'no text', found: preview(other) };
  const values = [...new Set(found.filter((value) => typeof value === 'string' && value !== ''))] as string[];
  const [value] = values;
  if (value === undefined) return { kind: 'none' };
  return values.length === 1 ? { kind: 'one', value } : { kind: 'several', values: values.map(shorten) };
}

function preview(value: unknown): string {
  try {
    return shorten(JSON.stringify(value));
  } catch {
    // Kubernetes stores 10,000 lists and maps within each other, and that throws for some thousands.
    return 'an object with too much in each other';
  }
}

export function shorten(text: string): string {
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
}
