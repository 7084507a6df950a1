/** Plain JSON values as the simulated API server keeps them: frozen, so that nobody changes what another one holds. */

/** A deep, frozen copy; undefined members are left out, as JSON does. What is frozen already came from here. */
export function frozenCopy<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  if (Array.isArray(value)) return Object.freeze(value.map(frozenCopy)) as T;
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) copy[key] = frozenCopy(member);
  }
  return Object.freeze(copy) as T;
}

export function sameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (!isObject(one) || !isObject(other) || Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => key in other && sameJson(one[key], other[key]))
  );
}

/** RFC 7386. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch) || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = isObject(target) && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else if (value !== undefined) result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** A strategic merge patch, as far as it is used here: conditions are merged by their type. */
export function mergeConditions(target: unknown, patch: unknown): unknown {
  const merged = mergePatch(target, patch);
  if (!isObject(merged)) return merged;
  const [before, news] = [conditionsOf(target), conditionsOf(patch)];
  const types = new Set(news.map(({ type }) => type));
  const conditions = [...before.filter(({ type }) => !types.has(type)), ...news];
  return { ...merged, status: { ...(merged.status as object), conditions } };
}

function conditionsOf(object: unknown): readonly { readonly type: string }[] {
  const status = isObject(object) && isObject(object.status) ? object.status : {};
  return (status.conditions ?? []) as readonly { readonly type: string }[];
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
