/** One step of a JSON Patch (RFC 6902). */
export type Operation =
  | { readonly op: 'add'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** The JSON of values that many patches share. */
const texts = new WeakMap<object, string>();

/** Remembers the JSON of `value`, which must not be changed any more. */
export function shared<T extends object>(value: T): T {
  texts.set(value, JSON.stringify(value));
  return value;
}

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

/** Adds `entries` to the map at `path`, and the map itself where it is absent or null. */
export function setEntries(path: string, current: Strings | Absent, entries: Strings): Operation[] {
  if (Object.keys(entries).length === 0) return [];
  if (current === undefined || current === null) return [{ op: 'add', path, value: entries }];
  return Object.entries(entries).map(([key, value]) => ({ op: 'add', path: path + pointer(key), value }));
}

/** Removes `keys` from the map at `path`, and the map itself when it becomes empty. */
export function removeEntries(path: string, current: Strings | Absent, keys: readonly string[]): Operation[] {
  const present = keys.filter((key) => current?.[key] !== undefined);
  if (present.length === 0) return [];
  if (present.length === Object.keys(current ?? {}).length) return [{ op: 'remove', path }];
  return present.map((key) => ({ op: 'remove', path: path + pointer(key) }));
}

/** Adds `items` to the list at `path`, and the list itself where it is absent or null. */
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

/** Removes our items from the list at `path`, and the list itself when it becomes empty. */
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

/** The same steps for an object at `prefix` of another. */
export function at(prefix: string, operations: readonly Operation[]): Operation[] {
  return operations.map((operation) => ({ ...operation, path: prefix + operation.path }));
}
