/** Operations of a JSON Patch in CEL, as those of inject/patch.ts; each function returns an expression of a list. */
import { literal } from './cel.ts';

const add = (path: string, value: string) => `JSONPatch{op: 'add', path: ${path}, value: ${value}}`;

/** `field`: as in `has(…)`, such as `object.spec.volumes`. */
const pathOf = (field: string) => `/${field.split('.').slice(1).join('/')}`;

/** `entries`: expression of a map. */
export function setEntries(field: string, entries: string): string {
  const path = literal(pathOf(field));
  const step = add(`${path} + '/' + jsonpatch.escapeKey(k)`, `${entries}[k]`);
  return `(${entries}.size() == 0 ? [] : has(${field}) ? ${entries}.map(k, ${step}) : [${add(path, entries)}])`;
}

export function removeEntry(field: string, key: string): string {
  const path = `${literal(pathOf(field))} + '/' + jsonpatch.escapeKey(${literal(key)})`;
  return `(${literal(key)} in ${field} ? [JSONPatch{op: 'remove', path: ${path}}] : [])`;
}

/** `items`: expression of a list. */
export function insertItems(field: string, place: 'first' | 'last', items: string): string {
  const path = pathOf(field);
  const at = literal(`${path}/${place === 'first' ? '0' : '-'}`);
  return `(has(${field}) ? ${items}.map(i, ${add(at, 'i')}) : [${add(literal(path), items)}])`;
}

/** Adds an empty map if there is none. */
export function makeMap(field: string): string {
  return `(has(${field}) ? [] : [${add(literal(pathOf(field)), '{}')}])`;
}

/** Replaces those entries for whose key `k` the expression `taken` is true. */
export function replaceEntries(path: string, entries: string, taken: string): string {
  const step = add(`${path} + '/' + k`, `${entries}[k]`);
  return `${entries}.filter(k, ${taken}).map(k, ${step})`;
}
