import { isDeepStrictEqual } from 'node:util';

/** The value of a manifest, as in JSON; whole numbers beyond 2^53 are a bigint, as a double would round them. */
export type Value = null | boolean | number | bigint | string | readonly Value[] | ValueMap;
export interface ValueMap {
  readonly [key: string]: Value;
}

export function isMapValue(value: Value | undefined): value is ValueMap {
  return typeof value === 'object' && value !== null && !isListValue(value);
}

export function isListValue(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** A scalar, or an empty map or list. */
export function isLeaf(value: Value): boolean {
  if (isListValue(value)) return value.length === 0;
  return !isMapValue(value) || Object.keys(value).length === 0;
}

/** Of entries with the same name the last one counts. "__proto__" is a name like any other here. */
export function mapOf(entries: Iterable<readonly [string, Value]>): ValueMap {
  const map = {};
  for (const [key, value] of entries) {
    Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return map;
}

export function childOf(value: Value | undefined, step: string | number): Value | undefined {
  if (isListValue(value)) return value[Number(step)];
  return isMapValue(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

export function isSame(one: Value | undefined, other: Value | undefined): boolean {
  return isDeepStrictEqual(one, other);
}

/** A change of the map or list at the end of a path. */
export type Change = (parent: ValueMap | readonly Value[], last: string) => Value;

/** A copy of `value` with a change at `path`; it shares everything else with `value`. */
export function changeAt(value: Value | undefined, path: readonly string[], change: Change): Value {
  const [step, ...rest] = path;
  if (step === undefined || value === undefined || !(isListValue(value) || isMapValue(value))) {
    throw new Error(`"${step ?? ''}" is in no map and no list`);
  }
  if (rest.length === 0) return change(value, step);
  const child = changeAt(childOf(value, step), rest, change);
  return isListValue(value)
    ? value.with(Number(step), child)
    : mapOf([...Object.entries(value), [step, child]]);
}

export function adding(added: Value): Change {
  return (parent, last) =>
    isListValue(parent)
      ? parent.toSpliced(last === '-' ? parent.length : Number(last), 0, added)
      : mapOf([...Object.entries(parent), [last, added]]);
}

export const removing: Change = (parent, last) =>
  isListValue(parent)
    ? parent.toSpliced(Number(last), 1)
    : mapOf(Object.entries(parent).filter(([key]) => key !== last));
