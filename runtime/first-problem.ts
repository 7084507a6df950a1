import * as z from 'zod';

/**
 * Lists and records that stop at the first thing that is wrong. zod's own check every item and keep a problem for each:
 * for a body of a few megabytes that is some hundred megabytes, and only one problem is ever reported. Of more than `most`
 * none is looked at: millions of empty ones are right, each by itself.
 */

export function listOf<T>(item: z.ZodType<T>, most = Number.POSITIVE_INFINITY) {
  return z.array(z.unknown()).transform((values, context): T[] => {
    if (values.length > most) return tooMany(most, context);
    const read: T[] = [];
    for (const [index, value] of values.entries()) {
      const result = item.safeParse(value);
      if (!result.success) return refused(result.error, index, context);
      read.push(result.data);
    }
    return read;
  });
}

export function recordOf<T>(item: z.ZodType<T>, most = Number.POSITIVE_INFINITY) {
  return z.custom<object>(isObject, 'must be an object').transform((values, context): Record<string, T> => {
    const read: [string, T][] = [];
    if (Object.keys(values).length > most) return tooMany(most, context);
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

function tooMany(most: number, context: z.RefinementCtx): never {
  context.addIssue({ code: 'custom', message: `must have at most ${most} entries` });
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
