/** Steps of a JSON Patch in CEL, as inject/patch.ts makes them; each function gives an expression of a list. */
import { literal } from './cel.ts';

const add = (path: string, value: string) => `JSONPatch{op: 'add', path: ${path}, value: ${value}}`;

/** The field as `has` takes it: `object.spec.volumes`. */
const pathOf = (field: string) => `/${field.split('.').slice(1).join('/')}`;

/** `entries` is a map. */
export function setEntries(field: string, entries: string): string {
  const path = literal(pathOf(field));
  const step = add(`${path} + '/' + jsonpatch.escapeKey(k)`, `${entries}[k]`);
  return `(${entries}.size() == 0 ? [] : has(${field}) ? ${entries}.map(k, ${step}) : [${add(path, entries)}])`;
}

export function removeEntry(field: string, key: string): string {
  const path = `${literal(pathOf(field))} + '/' + jsonpatch.escapeKey(${literal(key)})`;
  return `(${literal(key)} in ${field} ? [JSONPatch{op: 'remove', path: ${path}}] : [])`;
}

/** `items` is a list. */
export function insertItems(field: string, place: 'first' | 'last', items: string): string {
  const path = pathOf(field);
  const at = literal(`${path}/${place === 'first' ? '0' : '-'}`);
  return `(has(${field}) ? ${items}.map(i, ${add(at, 'i')}) : [${add(literal(path), items)}])`;
}

/** Puts an empty map where there is none. */
export function makeMap(field: string): string {
  return `(has(${field}) ? [] : [${add(literal(pathOf(field)), '{}')}])`;
}

/** Puts the entries of a map over those that `taken`, an expression of the key `k`, is true of. */
export function replaceEntries(path: string, entries: string, taken: string): string {
  const step = add(`${path} + '/' + k`, `${entries}[k]`);
  return `${entries}.filter(k, ${taken}).map(k, ${step})`;
}
