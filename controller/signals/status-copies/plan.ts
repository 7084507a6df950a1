import type { ConfigMap } from '../../../kubernetes/resources.ts';

export interface DesiredCopy {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
  readonly wanted: boolean;
  /** The copy that exists, by our labels. */
  readonly found: ConfigMap | undefined;
}

export interface CopyChange {
  readonly action: 'create' | 'replace' | 'delete';
  readonly object: ConfigMap;
}

/** What brings one namespace's copy in line: one equal copy where it is wanted, none elsewhere. */
export function planCopy(desired: DesiredCopy): CopyChange | undefined {
  const { name, namespace, labels, data, wanted, found } = desired;
  if (!wanted) return found && { action: 'delete', object: found };
  if (found === undefined)
    return { action: 'create', object: { metadata: { name, namespace, labels }, data } };
  if (isInLine(found, data)) return undefined;
  return { action: 'replace', object: { metadata: found.metadata, data } };
}

/** Nothing beside what we write either: a megabyte that somebody has added would be written again at each move. */
export function isInLine(found: ConfigMap, data: Readonly<Record<string, string>>): boolean {
  return found.binaryData === undefined && isEqual(found.data ?? {}, data);
}

function isEqual(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
