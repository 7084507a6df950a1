import { isObjectName } from '../../runtime/object-names.ts';

/**
 * A command that people paste into their shell. Undefined where one of its names is none that an object can have: the
 * API server checks no form of an owner's name, nor that of a field of another operator's, and a tenant writes both.
 */
export function command(
  parts: TemplateStringsArray,
  ...names: readonly (string | undefined)[]
): string | undefined {
  if (!names.every((name) => name !== undefined && isObjectName(name))) return undefined;
  return String.raw({ raw: parts }, ...names);
}
