import * as z from 'zod';

/**
 * Lists and records that stop at the first thing that is wrong. zod's own check every item and keep a problem for each:
 * for a body of a few megabytes that is some hundred megabytes, and only one problem is ever reported. One that is larger
 * than what `allowance` has left is not looked at: millions of empty ones are right, each by itself.
 */

/** Of entries that all lists and records of a value may have together: many lists of a few are as costly as one of many. */
export class Allowance {
  readonly most: number;
  #left: number;

  constructor(most: number) {
    this.most = most;
    this.#left = most;
  }

  /** For the next value. */
  renew(): void {
    this.#left = this.most;
  }

  /** A list or record for which there is no room takes none of it. */
  take(count: number): boolean {
    if (count > this.#left) return false;
    this.#left -= count;
    return true;
  }
}

export function listOf<T>(item: z.ZodType<T>, allowance?: Allowance) {
  return z.array(z.unknown()).transform((values, context): T[] => {
    if (allowance?.take(values.length) === false) return tooMany(allowance, context);
    const read: T[] = [];
    for (const [index, value] of values.entries()) {
      const result = item.safeParse(value);
      if (!result.success) return refused(result.error, index, context);
      read.push(result.data);
    }
    return read;
  });
}

export function recordOf<T>(item: z.ZodType<T>, allowance?: Allowance) {
  return z.custom<object>(isObject, 'must be an object').transform((values, context): Record<string, T> => {
    const read: [string, T][] = [];
    if (allowance?.take(Object.keys(values).length) === false) return tooMany(allowance, context);
    for (const [key, value] of Object.entries(values)) {
      const result = item.safeParse(value);
      if (!result.success) return refused(result.error, key, context);
      read.push([key, result.data]);
    }
    return Object.fromEntries(read);
  });
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function tooMany({ most }: Allowance, context: z.RefinementCtx): never {
  const message = `is too long: all lists and maps together may have ${most} entries`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}

function refused(error: z.ZodError, at: string | number, context: z.RefinementCtx): never {
  const [first] = error.issues;
  context.addIssue({
    code: 'custom',
    path: [at, ...(first?.path ?? [])],
    message: first?.message ?? 'is malformed',
  });
  return z.NEVER;
}
