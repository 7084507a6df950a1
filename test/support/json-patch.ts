import type { Operation } from '../../webhook/inject/patch.ts';

/** Applies a JSON Patch as RFC 6902 says: what is not there cannot be gone into or removed. Gives a new value. */
export function applyPatch<T>(value: T, operations: readonly Operation[]): T {
  const root = { value: structuredClone(value) as unknown };
  for (const operation of operations) {
    const steps = ['value', ...keys(operation.path)];
    const last = steps.pop() ?? '';
    const parent = steps.reduce((at, step) => child(at, step, operation.path), root as unknown);
    if (Array.isArray(parent)) applyToList(parent, last, operation);
    else applyToMap(parent, last, operation);
  }
  return root.value as T;
}

function keys(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw new Error(`"${pointer}" is no JSON Pointer`);
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function child(parent: unknown, step: string, path: string): unknown {
  if (typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, step)) {
    throw new Error(`${path} leads through "${step}", which is not there`);
  }
  return (parent as Record<string, unknown>)[step];
}

function applyToList(list: unknown[], step: string, operation: Operation): void {
  const index = step === '-' && operation.op === 'add' ? list.length : Number(step);
  const end = operation.op === 'add' ? list.length : list.length - 1;
  if (!/^(-|0|[1-9]\d*)$/.test(step) || !(index <= end))
    throw new Error(`${operation.path} is out of the list`);
  if (operation.op === 'add') list.splice(index, 0, structuredClone(operation.value));
  else list.splice(index, 1);
}

function applyToMap(map: unknown, step: string, operation: Operation): void {
  if (typeof map !== 'object' || map === null) throw new Error(`${operation.path} leads into no map`);
  if (operation.op === 'remove') {
    child(map, step, operation.path);
    delete (map as Record<string, unknown>)[step];
    return;
  }
  // Not by assignment, which "__proto__" would turn into something else.
  const value = structuredClone(operation.value);
  Object.defineProperty(map, step, { value, enumerable: true, configurable: true, writable: true });
}
