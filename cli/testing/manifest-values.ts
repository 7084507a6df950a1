import { Documents } from '../manifests/documents.ts';
import type { Value } from '../manifests/value.ts';

/** What each document of a file says. */
export function valuesOf(text: string): (Value | undefined)[] {
  const documents = new Documents(text);
  return Array.from({ length: documents.length }, (_, index) => documents.at(index, []));
}

export function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value;
  const pairs = Object.entries(value).map(([key, child]) => [key, withoutEmpty(child)] as const);
  return Object.fromEntries(pairs.filter(([, child]) => child !== null && !isEmpty(child)));
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && Object.keys(value ?? {}).length === 0;
}
