/**
 * Settings: typed leaves of a tree that mirrors the configuration file. Each may also come from one environment
 * variable, which wins. Reading collects every problem instead of stopping at the first.
 */
import type * as z from 'zod';
import { explain } from '../../kubernetes/errors.ts';
import { didYouMean } from '../../runtime/suggest.ts';
import { type Finding, formatPath } from './problems.ts';
import { MASK } from './secret.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** How the text of a variable becomes the value that a file would hold. */
type Form = 'text' | 'number' | 'boolean' | 'list' | 'json';

export class Setting<T> {
  /** Empty for a setting that only the file has. */
  readonly variable: string;
  /** One sentence for the reader of docs/configuration.md. */
  readonly meaning: string;
  readonly form: Form;
  readonly schema: z.ZodType<T>;
  readonly secret: boolean;

  constructor(
    variable: string,
    form: Form,
    schema: z.ZodType<T>,
    meaning: string,
    { secret = false }: { secret?: boolean } = {},
  ) {
    this.variable = variable;
    this.form = form;
    this.schema = schema;
    this.meaning = meaning;
    this.secret = secret;
  }
}

/** The structural view that a tree of settings of different types shares. */
export interface Tree {
  readonly [key: string]: Setting<unknown> | Tree;
}

/** What reading a tree gives: undefined where a setting is absent or has a problem. */
export type Values<T extends Tree> = {
  readonly [K in keyof T]: T[K] extends Setting<infer V>
    ? V | undefined
    : T[K] extends Tree
      ? Values<T[K]>
      : never;
};

/** The same when nothing was reported: then only what is optional can be undefined. */
export type Checked<T extends Tree> = {
  readonly [K in keyof T]: T[K] extends Setting<infer V> ? V : T[K] extends Tree ? Checked<T[K]> : never;
};

/** A place to read from: the environment over one part of the file. */
export interface Source {
  readonly env: Environment;
  /** The part of the file that mirrors the tree; undefined without a file. */
  readonly file: unknown;
  /** Where that part stands in the file. */
  readonly path: readonly (string | number)[];
  readonly report: (finding: Finding) => void;
}

/** The value of a variable; undefined when unset or blank. A trailing newline of a mounted Secret is no part of it. */
export function variable(env: Environment, name: string): string | undefined {
  const value = name === '' ? undefined : env[name]?.trim();
  return value === '' ? undefined : value;
}

export function readTree<T extends Tree>(tree: T, source: Source): Values<T> {
  const file = asRecord(source.file);
  if (file === undefined) {
    source.report({
      key: fileKey(source.path),
      got: source.file,
      problem: 'must be a mapping of keys to values',
    });
  }
  reportUnknownKeys(Object.keys(tree), file ?? {}, source);
  const values: Record<string, unknown> = {};
  for (const [key, node] of Object.entries(tree)) {
    const at: Source = { ...source, file: file?.[key], path: [...source.path, key] };
    values[key] = node instanceof Setting ? readSetting(node, at) : readTree(node, at);
  }
  return values as Values<T>;
}

/** How the reader knows the setting at `path` of `tree`: by its variable, unless the file gave the value. */
export function keyAt(tree: Tree, source: Source, path: readonly string[]): string {
  const [step = '', ...rest] = path;
  const node = tree[step];
  const at: Source = { ...source, file: asRecord(source.file)?.[step], path: [...source.path, step] };
  if (node instanceof Setting) return settingKey(node, at);
  return node === undefined ? fileKey(at.path) : keyAt(node, at, rest);
}

/** Every setting of a tree with its path, in the order of the tree. */
export function* settingsOf(
  tree: Tree,
  path: readonly string[] = [],
): Generator<{ readonly path: readonly string[]; readonly setting: Setting<unknown> }> {
  for (const [key, node] of Object.entries(tree)) {
    if (node instanceof Setting) yield { path: [...path, key], setting: node };
    else yield* settingsOf(node, [...path, key]);
  }
}

function settingKey(setting: Setting<unknown>, source: Source): string {
  const fromFile = variable(source.env, setting.variable) === undefined && source.file !== undefined;
  return fromFile || setting.variable === '' ? fileKey(source.path) : setting.variable;
}

function readSetting<T>(setting: Setting<T>, source: Source): T | undefined {
  const key = settingKey(setting, source);
  const text = variable(source.env, setting.variable);
  const raw = text === undefined ? source.file : parseText(text, setting.form);
  if (raw instanceof SyntaxError) {
    source.report({ key, got: shown(setting, text), problem: raw.message });
    return undefined;
  }
  const result = setting.schema.safeParse(raw ?? undefined);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const place = formatPath(issue.path);
    const joint = place === '' || place.startsWith('[') ? '' : '.';
    const got = issue.path.length === 0 ? raw : valueAt(raw, issue.path);
    source.report({ key: `${key}${joint}${place}`, got: shown(setting, got), problem: issue.message });
  }
  return undefined;
}

/** A SyntaxError, not thrown, when the text is not of this form at all. What is merely wrong is left to the schema. */
function parseText(text: string, form: Form): unknown {
  switch (form) {
    case 'text':
      return text;
    case 'number':
      return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
    case 'boolean':
      return /^(true|false)$/i.test(text) ? text.toLowerCase() === 'true' : text;
    case 'list':
      return text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '');
    case 'json':
      return parseJson(text);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The engine's message goes on with the text, which is shown anyway.
    const [what] = explain(error).split(/,? (?:"|\.\.\.|in JSON|at position)/, 1);
    const position = /at position (\d+)/.exec(explain(error))?.[1];
    const place = position === undefined ? '' : ` at character ${Number(position) + 1}`;
    return new SyntaxError(`is not JSON: ${what}${place}`);
  }
}

function shown(setting: Setting<unknown>, value: unknown): unknown {
  return setting.secret && value !== undefined && value !== null ? MASK : value;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, step) =>
      typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[step] : undefined,
    value,
  );
}

function fileKey(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'CONFIG_FILE' : `CONFIG_FILE: ${formatPath(path)}`;
}

/** An empty record for nothing, undefined for what is no mapping. */
function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (value === undefined || value === null) return {};
  return typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}

function reportUnknownKeys(known: readonly string[], file: object, source: Source): void {
  for (const key of Object.keys(file).filter((name) => !known.includes(name))) {
    source.report({
      key: fileKey([...source.path, key]),
      got: MASK, // A misspelt key may hold a secret.
      problem: `is not a known setting${didYouMean(key, known)}`,
    });
  }
}
