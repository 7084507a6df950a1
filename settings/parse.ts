/** What is right of a value that has problems: checks of several settings go over that. */
import type * as z from 'zod';
import { config, util } from 'zod/v4/core';
import type { Path } from './origins.ts';
import type { Secret } from './secret.ts';

type Leaf = string | number | boolean | readonly unknown[] | Secret | undefined;

/** Undefined where a setting has a problem of its own. */
export type PartlyValid<T> = T extends Leaf ? T | undefined : { readonly [K in keyof T]: PartlyValid<T[K]> };

/**
 * `safeParse` gives the value or the issues; this gives both. Where there are issues the value still has what was
 * given, so only what {@link without} leaves of it is of its type.
 */
export function parse<T extends z.ZodType>(schema: T, raw: unknown) {
  const result = schema._zod.run({ value: raw, issues: [] }, { async: false });
  if (result instanceof Promise) throw new Error('a schema of the configuration is not synchronous');
  const issues = result.issues.map((issue) => util.finalizeIssue(issue, undefined, config()));
  return { value: result.value as z.output<T>, issues };
}

/** `value` without what stands at `paths`. */
export function without(value: unknown, paths: readonly Path[]): unknown {
  if (paths.some((path) => path.length === 0)) return undefined;
  if (paths.length === 0 || typeof value !== 'object' || value === null) return value;
  const below = (key: string) => paths.filter(([step]) => String(step) === key).map(([, ...rest]) => rest);
  const rest = Object.entries(value).map(([key, inner]) => [key, without(inner, below(key))] as const);
  return Array.isArray(value) ? rest.map(([, inner]) => inner) : Object.fromEntries(rest);
}
