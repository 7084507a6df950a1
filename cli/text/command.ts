import { isObjectName } from '../../runtime/object-names.ts';

/**
 * A command for users to paste into their shell. Undefined where one of the names is not a valid object name: a tenant may
 * write anything into an owner reference or into a field of another operator, and the API server does not check it.
 */
export function command(
  parts: TemplateStringsArray,
  ...names: readonly (string | undefined)[]
): string | undefined {
  if (!names.every((name) => name !== undefined && isObjectName(name))) return undefined;
  return String.raw({ raw: parts }, ...names);
}
