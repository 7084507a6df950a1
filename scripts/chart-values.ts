/** The values of the chart as values.yaml documents them: each key with a comment, which is what it means. */
import { readFileSync } from 'node:fs';
import { isMap, isScalar, type ParsedNode, parseDocument } from 'yaml';
import { code, table } from './markdown.ts';

const FILE = new URL('../charts/kube-site-follower/values.yaml', import.meta.url);

export interface DocumentedValue {
  /** With dots, as `--set` wants it. */
  readonly key: string;
  readonly meaning: string;
  readonly fallback: unknown;
}

/** Keys without a comment only hold others. Throws where a value stands without a comment. */
export function documentedValues(text = readFileSync(FILE, 'utf8')): readonly DocumentedValue[] {
  const document = parseDocument(text);
  if (document.errors[0] !== undefined) throw document.errors[0];
  // The comment of the file itself is the first one, and ends with an empty line.
  return valuesIn(document.contents, '');
}

function valuesIn(node: ParsedNode | null, path: string): readonly DocumentedValue[] {
  if (!isMap(node)) throw new Error(`${path} has no comment in values.yaml`);
  return node.items.flatMap(({ key, value }, index) => {
    if (!isScalar(key)) throw new Error(`a key below ${path} is no text`);
    const name = [path, String(key.value)].filter(Boolean).join('.');
    // The parser gives the first comment of a map to the map.
    const comment = (index === 0 && path !== '' ? node.commentBefore : undefined) ?? key.commentBefore;
    if (comment === undefined || comment === null) return valuesIn(value, name);
    const meaning = comment
      .split('\n')
      .map((line) => line.trim())
      .join(' ');
    return { key: name, meaning, fallback: value?.toJSON() };
  });
}

/** For the README beside the chart. */
export function valuesTable(): string {
  return table(
    ['value', 'default', 'meaning'],
    documentedValues().map(({ key, fallback, meaning }) => [code(key), shown(fallback), meaning]),
  );
}

function shown(value: unknown): string {
  const isEmpty = value === '' || (typeof value === 'object' && Object.keys(value ?? {}).length === 0);
  return isEmpty ? '–' : code(typeof value === 'string' ? value : JSON.stringify(value));
}
