import { isSame, type Value } from './value.ts';

/** How a list becomes another one, from its head on. */
export type Step =
  | { readonly kind: 'keep' | 'change'; readonly index: number; readonly value: Value }
  | { readonly kind: 'remove'; readonly index: number }
  /** Before the old item of `index`. */
  | { readonly kind: 'add'; readonly index: number; readonly value: Value };

/** Items that are the same in both are paired, in their order; of the others as many as there are on both sides. */
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
