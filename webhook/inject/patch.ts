/** One step of a JSON Patch (RFC 6902). */
export type Operation =
  | { readonly op: 'add'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** The texts of values that many patches have in common. */
const texts = new WeakMap<object, string>();

/** Remembers the text of `value`, which is never changed from now on. */
export function shared<T extends object>(value: T): T {
  texts.set(value, JSON.stringify(value));
  return value;
}

/** As JSON. */
export function patchText(operations: readonly Operation[]): string {
  return `[${operations.map(operationText).join(',')}]`;
}

function operationText(operation: Operation): string {
  const value = operation.op === 'add' ? operation.value : undefined;
  const text = typeof value === 'object' && value !== null ? texts.get(value) : undefined;
  if (text === undefined) return JSON.stringify(operation);
  return `{"op":"add","path":${JSON.stringify(operation.path)},"value":${text}}`;
}

type Strings = Readonly<Record<string, string>>;
type Absent = null | undefined;

/** A JSON Pointer (RFC 6901). */
export function pointer(...steps: readonly (string | number)[]): string {
  return steps.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Puts `entries` into the map at `path`, which is made where it is absent or null. */
export function setEntries(path: string, current: Strings | Absent, entries: Strings): Operation[] {
  if (Object.keys(entries).length === 0) return [];
  if (current === undefined || current === null) return [{ op: 'add', path, value: entries }];
  return Object.entries(entries).map(([key, value]) => ({ op: 'add', path: path + pointer(key), value }));
}

/** Takes `keys` out of the map at `path`, and the map itself when nothing is left in it. */
export function removeEntries(path: string, current: Strings | Absent, keys: readonly string[]): Operation[] {
  const present = keys.filter((key) => current?.[key] !== undefined);
  if (present.length === 0) return [];
  if (present.length === Object.keys(current ?? {}).length) return [{ op: 'remove', path }];
  return present.map((key) => ({ op: 'remove', path: path + pointer(key) }));
}

/** Puts `items` at the head or the end of the list at `path`, which is made where it is absent or null. */
export function insertItems(
  path: string,
  current: readonly unknown[] | Absent,
  place: 'first' | 'last',
  items: readonly unknown[],
): Operation[] {
  if (current === undefined || current === null) return [{ op: 'add', path, value: items }];
  if (place === 'last') return items.map((value) => ({ op: 'add', path: `${path}/-`, value }));
  return items.map((value, index) => ({ op: 'add', path: path + pointer(index), value }));
}

/** Takes the items that `isOurs` names out of the list at `path`, and the list itself when nothing is left in it. */
export function removeItems<T>(
  path: string,
  current: readonly T[] | Absent,
  isOurs: (item: T) => boolean,
): Operation[] {
  const indexes = (current ?? []).flatMap((item, index) => (isOurs(item) ? [index] : []));
  if (indexes.length === 0) return [];
  if (indexes.length === current?.length) return [{ op: 'remove', path }];
  return indexes.reverse().map((index) => ({ op: 'remove', path: path + pointer(index) }));
}

/** The same steps for an object that stands at `prefix` in another. */
export function at(prefix: string, operations: readonly Operation[]): Operation[] {
  return operations.map((operation) => ({ ...operation, path: prefix + operation.path }));
}
