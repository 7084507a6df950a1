/** Reads a tree of settings. Collects every problem instead of stopping at the first. */
import { explain } from '../runtime/explain.ts';
import { didYouMean } from '../runtime/suggest.ts';
import { type Finding, formatPath } from './problems.ts';
import { MASK, type Secret } from './secret.ts';
import { REFERENCE, reference, resolve, type SecretSources } from './secret-reference.ts';
import {
  Choice,
  type Form,
  type Option,
  Setting,
  Several,
  settingsOf,
  type Tree,
  type Values,
} from './settings.ts';

/** `API_KEY_FILE` names a file with what `API_KEY` would be. */
const FILE_VARIABLE = '_FILE';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A place to read from: the environment over one part of the file. */
export interface Source {
  readonly env: Environment;
  /** Whether a variable speaks of another place, so that what is missing here cannot be given by it. */
  readonly isForeign: (variable: string) => boolean;
  /** The part of the file that mirrors the tree; undefined without a file. */
  readonly file: unknown;
  /** Where that part stands in the file. */
  readonly path: readonly (string | number)[];
  readonly report: (finding: Finding) => void;
  readonly secrets: SecretSources;
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
  for (const [key, node] of Object.entries(tree)) values[key] = readNode(node, below(source, key));
  return values as Values<T>;
}

function readNode(node: Tree[string], source: Source): unknown {
  if (node instanceof Setting)
    return isReferable(node) ? readSecret(node, source) : readSetting(node, source);
  if (node instanceof Several) return sourcesOf(node, source).map((one) => readChoice(node.choice, one));
  return node instanceof Choice ? readChoice(node, source) : readTree(node, source);
}

/** One for each time that the choice is made; without a list, it is made once. */
export function sourcesOf({ choice }: Several, source: Source): readonly Source[] {
  const { env, file, path } = source;
  if (!Array.isArray(file)) return [source];
  if (file.length === 0) {
    source.report({ key: fileKey(path), got: '[]', problem: 'must not be an empty list: leave it out' });
  }
  const spoken = new Set<string>();
  return file.map((entry: unknown, index) => {
    const general = index === 0 ? [] : [...settingsOf(choice.tree(undefined))];
    const option = choice.option(
      index === 0 ? chosenName(choice, { env, file: entry }) : asRecord(entry)?.[choice.key],
    );
    const others = choice.options.filter((other) => other !== option || spoken.has(other.name));
    if (option !== undefined) spoken.add(option.name);
    const foreign = [...general, ...others.flatMap(({ settings }) => [...settingsOf(settings)])];
    const hidden = new Set(foreign.flatMap(({ setting }) => variablesOf(setting)));
    const own = Object.fromEntries(Object.entries(env).filter(([name]) => !hidden.has(name)));
    const isForeign = (name: string) => hidden.has(name) || source.isForeign(name);
    return { ...source, env: own, isForeign, file: entry, path: [...path, index] };
  });
}

/** A secret that is one text may stand elsewhere, and only be named. */
function isReferable({ secret, form }: Setting<unknown>): boolean {
  return secret && form === 'text';
}

/** The names of the variables that can give a setting. */
export function variablesOf(setting: Setting<unknown>): readonly string[] {
  const { variable: name } = setting;
  if (name === '') return [];
  return isReferable(setting) ? [name, `${name}${FILE_VARIABLE}`] : [name];
}

type Chooser = Pick<Source, 'env' | 'file'>;

function chosenName(choice: Choice, { env, file }: Chooser): unknown {
  return variable(env, choice.chooser.variable) ?? asRecord(file)?.[choice.key];
}

/** Which option counts here; undefined when what is chosen does not exist. */
function chosenOption(choice: Choice, source: Chooser): Option | undefined {
  return choice.option(chosenName(choice, source));
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
    for (const name of [...settingsOf(other.settings)].flatMap(({ setting }) => variablesOf(setting))) {
      if (variable(source.env, name) !== undefined) refuse(name, [other.name]);
    }
  }
  const known = Object.keys(file).filter((key) => !foreign.includes(key));
  return readTree(tree, { ...source, file: pick(file, known) });
}

/** How the reader knows the setting at `path` of `tree`: by its variable, unless the file gave the value. */
export function keyAt(tree: Tree, source: Source, path: readonly string[]): string {
  const [step = '', ...rest] = path;
  const node = tree[step];
  const at = below(source, step);
  if (node instanceof Setting) return settingKey(node, at);
  if (node === undefined) return fileKey(at.path);
  // Which one of a list is meant, the caller cannot say: the list is.
  if (node instanceof Several && Array.isArray(at.file)) return fileKey(at.path);
  if (node instanceof Several) return keyAt(node.choice.tree(chosenOption(node.choice, at)), at, rest);
  return keyAt(node instanceof Choice ? node.tree(chosenOption(node, at)) : node, at, rest);
}

/** The part of the file that stands under `key`. */
export function below(source: Source, key: string): Source {
  return { ...source, file: asRecord(source.file)?.[key], path: [...source.path, key] };
}

function settingKey(setting: Setting<unknown>, source: Source): string {
  const [, fileVariable = ''] = variablesOf(setting);
  if (variable(source.env, fileVariable) !== undefined) return fileVariable;
  const { variable: name } = setting;
  const isInFile = source.file !== undefined || source.isForeign(name);
  const fromFile = variable(source.env, name) === undefined && isInFile;
  return fromFile || name === '' ? fileKey(source.path) : name;
}

/** The value, or what the value's place holds, now and whenever it is needed: a mounted Secret changes while we run. */
function readSecret<T>(setting: Setting<T>, source: Source): T | Secret | undefined {
  const { env, file, secrets, report } = source;
  const [name = '', fileVariable = ''] = variablesOf(setting);
  const path = variable(env, fileVariable);
  if (path !== undefined && variable(env, name) !== undefined) {
    report({
      key: fileVariable,
      got: path,
      problem: `must not be set beside ${name}: both give the same value`,
    });
    return undefined;
  }
  const isDirect = variable(env, name) !== undefined || typeof file !== 'object' || file === null;
  if (path === undefined && isDirect) return readSetting(setting, source);
  const key = path === undefined ? fileKey(source.path) : fileVariable;
  const tell = (problem: string) => report({ key, got: path ?? MASK, problem });
  const where = path === undefined ? reference.safeParse(file).data : { file: path };
  if (where === undefined) {
    tell(REFERENCE);
    return undefined;
  }
  const found = resolve(where, secrets, tell);
  if (found === undefined) return undefined;
  const checked = readSetting(setting, { ...source, env: {}, file: found.reveal() }, key);
  return checked === undefined ? undefined : found;
}

function readSetting<T>(
  setting: Setting<T>,
  source: Source,
  key = settingKey(setting, source),
): T | undefined {
  const text = variable(source.env, setting.variable);
  const raw = text === undefined ? source.file : parseText(text, setting.form);
  if (raw instanceof SyntaxError) {
    source.report({ key, got: shown(setting, text), problem: raw.message });
    return undefined;
  }
  if (hasMoreValues(raw, MOST_VALUES)) {
    const problem = `must have at most ${MOST_VALUES} values in all its lists and mappings`;
    source.report({ key, got: MASK, problem });
    return undefined;
  }
  const result = setting.schema.safeParse(raw ?? undefined);
  if (result.success) return result.data;
  const mistyped = new Set<string>();
  for (const issue of result.error.issues) {
    const place = formatPath(issue.path);
    // What is of a wrong type breaks further rules, which say nothing more.
    if (mistyped.has(place)) continue;
    if (issue.code === 'invalid_type') mistyped.add(place);
    const joint = place === '' || place.startsWith('[') ? '' : '.';
    const got = issue.path.length === 0 ? raw : valueAt(raw, issue.path);
    source.report({ key: `${key}${joint}${place}`, got: shown(setting, got), problem: issue.message });
  }
  return undefined;
}

/** Clusters have at most 5,000 nodes. A schema keeps a problem for each value that is wrong. */
const MOST_VALUES = 20_000;

/** Looks no further than that. */
function hasMoreValues(value: unknown, most: number): boolean {
  const waiting: unknown[] = [value];
  for (let seen = 0; seen <= most; seen += 1) {
    if (waiting.length > most) return true;
    const next = waiting.pop();
    if (typeof next === 'object' && next !== null) {
      for (const inner of Object.values(next)) waiting.push(inner);
    }
    if (waiting.length === 0) return false;
  }
  return true;
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

function shown({ secret, form }: Setting<unknown>, value: unknown): unknown {
  if (secret && value !== undefined && value !== null) return MASK;
  const isQuoted = typeof value === 'string' && (form === 'number' || form === 'boolean');
  // A text that would be right without its quotes.
  return isQuoted && parseText(value, form) !== value ? JSON.stringify(value) : value;
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
