import { hash } from 'node:crypto';

/**
 * Labels with their values, each as a number. Anybody may give a pod or a selector a megabyte of them, and there may be
 * thousands of such pods: so none of their text is kept. Of 52 bits, so that within one namespace no two are the same.
 */
export type LabelIds = readonly number[];

const HEX_DIGITS = 13;

/** Undefined when there are more than `most`. */
export function labelIds(labels: Readonly<Record<string, string>>, most: number): LabelIds | undefined {
  const entries = Object.entries(labels);
  if (entries.length > most) return undefined;
  // A key has no equals sign.
  const ids = entries.map(([key, value]) =>
    Number.parseInt(hash('sha1', `${key}=${value}`).slice(0, HEX_DIGITS), 16),
  );
  // An array that was sorted itself holds each number as an object of its own, three times as large.
  return Array.from(new Float64Array(ids).sort());
}

export function isSame(one: LabelIds, other: LabelIds): boolean {
  return one.length === other.length && one.every((id, index) => id === other[index]);
}
