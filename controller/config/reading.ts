/** Reads a tree of settings. Collects every problem instead of stopping at the first. */
import { explain } from '../../kubernetes/errors.ts';
import { didYouMean } from '../../runtime/suggest.ts';
import { type Finding, formatPath } from './problems.ts';
import { MASK } from './secret.ts';
import { Choice, type Form, type Option, Setting, settingsOf, type Tree, type Values } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

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
    values[key] = readNode(node, at);
  }
  return values as Values<T>;
}

function readNode(node: Tree[string], source: Source): unknown {
  if (node instanceof Setting) return readSetting(node, source);
  return node instanceof Choice ? readChoice(node, source) : readTree(node, source);
}

/** Which option counts here; undefined when what is chosen does not exist. */
function chosenOption(choice: Choice, { env, file }: Source): Option | undefined {
  return choice.option(variable(env, choice.chooser.variable) ?? asRecord(file)?.[choice.key]);
}

/** Reads the settings of what is chosen, and refuses those of everything else. */
function readChoice(choice: Choice, source: Source): unknown {
  const option = chosenOption(choice, source);
  const tree = choice.tree(option);
  const file = asRecord(source.file);
  if (file === undefined) return readTree(tree, source);
  // Which keys are right cannot be told when the choice itself is wrong.
  if (option === undefined) return readTree(tree, { ...source, file: pick(file, Object.keys(tree)) });
  const foreign = Object.keys(file).filter((key) => !(key in tree) && choice.owners(key).length > 0);
  const refuse = (key: string, owners: readonly string[]) =>
    source.report({
      key,
      got: MASK, // It may be a secret.
      problem: `is a setting of ${choice.key} ${owners.join(' and ')}, but the ${choice.key} is ${option.name}`,
    });
  for (const key of foreign) refuse(fileKey([...source.path, key]), choice.owners(key));
  for (const other of choice.options) {
    if (other === option) continue;
    for (const { setting } of settingsOf(other.settings)) {
      if (variable(source.env, setting.variable) !== undefined) refuse(setting.variable, [other.name]);
    }
  }
  const known = Object.keys(file).filter((key) => !foreign.includes(key));
  return readTree(tree, { ...source, file: pick(file, known) });
}

/** How the reader knows the setting at `path` of `tree`: by its variable, unless the file gave the value. */
export function keyAt(tree: Tree, source: Source, path: readonly string[]): string {
  const [step = '', ...rest] = path;
  const node = tree[step];
  const at: Source = { ...source, file: asRecord(source.file)?.[step], path: [...source.path, step] };
  if (node instanceof Setting) return settingKey(node, at);
  if (node === undefined) return fileKey(at.path);
  return keyAt(node instanceof Choice ? node.tree(chosenOption(node, at)) : node, at, rest);
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

export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
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

function pick(record: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => keys.includes(key)));
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
