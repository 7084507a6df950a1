import { isSame, type Value } from './value.ts';

/** One step of changing a list into another, from its head on. */
export type Step =
  | { readonly kind: 'keep' | 'change'; readonly index: number; readonly value: Value }
  | { readonly kind: 'remove'; readonly index: number }
  /** Before the old item at `index`. */
  | { readonly kind: 'add'; readonly index: number; readonly value: Value };

/** Pairs items that are the same in both, in their order, and between them those that can only have changed. */
export function align(was: readonly Value[], is: readonly Value[]): Step[] {
  const steps: Step[] = [];
  let index = 0;
  let next = 0;
  while (index < was.length || next < is.length) {
    const value = is[next];
    const old = was[index];
    if (value !== undefined && old !== undefined && isSame(old, value)) {
      steps.push({ kind: 'keep', index, value });
      index += 1;
      next += 1;
    } else if (value === undefined || appearsLater(value, was, index)) {
      steps.push({ kind: 'remove', index });
      index += 1;
    } else if (old === undefined || appearsLater(old, is, next)) {
      steps.push({ kind: 'add', index, value });
      next += 1;
    } else {
      steps.push({ kind: 'change', index, value });
      index += 1;
      next += 1;
    }
  }
  return steps;
}

function appearsLater(value: Value, list: readonly Value[], from: number): boolean {
  return list.some((item, index) => index > from && isSame(item, value));
}
