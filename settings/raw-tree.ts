/** One tree of raw values for a schema to parse: the file, and the environment over it. */
import { didYouMean } from '../runtime/suggest.ts';
import { Origins, type Path } from './origins.ts';
import { type Finding, formatPath } from './problems.ts';
import {
  type Choice,
  mustBeOneOf,
  type Node,
  nodeOf,
  type Option,
  type Setting,
  type Shape,
  settingsOf,
} from './schema.ts';
import { MASK, Secret } from './secret.ts';
import { REFERENCE, reference, resolve, type SecretSources } from './secret-reference.ts';
import { type Environment, isReferable, parseText, variable, variablesOf } from './variables.ts';

/** A place to read from: the environment over one part of the file. */
export interface Source {
  readonly env: Environment;
  /** Whether a variable speaks of another place, so that what is missing here cannot be given by it. */
  readonly isForeign: (variable: string) => boolean;
  /** Undefined without a file. */
  readonly file: unknown;
  /** Where that part stands in the file. */
  readonly path: Path;
  /** Where it comes to stand in the tree: a list may be left out in the file. */
  readonly at: Path;
}

export interface RawTreePorts {
  readonly report: (finding: Finding) => void;
  readonly secrets: SecretSources;
}

/** Clusters have at most 5,000 nodes. A schema keeps a problem for each value that is wrong. */
const MOST_VALUES = 20_000;

export class RawTree {
  readonly #ports: RawTreePorts;
  readonly origins = new Origins();

  constructor(ports: RawTreePorts) {
    this.#ports = ports;
  }

  /** The raw value for `schema`. Reports what no schema could: unknown keys, texts of no form, references to nothing. */
  read(schema: Shape[string], source: Source): unknown {
    const node = nodeOf(schema);
    if (node.kind === 'setting') return this.#readSetting(node.setting, source);
    this.origins.add({ at: source.at, key: fileKey(source.path) });
    if (node.kind === 'list') return this.#readList(node, source);
    return node.kind === 'choice' ? this.#readChoice(node, source) : this.readObject(node.shape, source);
  }

  #refuse({ at }: Source, finding: Finding): undefined {
    this.origins.add({ ...this.origins.of(at), isRefused: true });
    this.#ports.report(finding);
  }

  /** `more`: keys that the file may have as well. */
  readObject(shape: Shape, source: Source, more: readonly string[] = []): Record<string, unknown> {
    const file = asRecord(source.file);
    if (file === undefined) {
      const problem = 'must be a mapping of keys to values';
      this.#ports.report({ key: fileKey(source.path), got: source.file, problem });
    }
    this.#reportUnknownKeys([...more, ...Object.keys(shape)], file ?? {}, source);
    const values = Object.entries(shape).map(([key, inner]) => [key, this.read(inner, below(source, key))]);
    return Object.fromEntries(values) as Record<string, unknown>;
  }

  /** What is chosen, and its settings; those of everything else are refused. */
  #readChoice(choice: Choice, source: Source): Record<string, unknown> {
    const { key, chooser, common, options } = choice;
    const at = below(source, key);
    const chosen = variable(source.env, chooser.variable) ?? at.file ?? options[0]?.name;
    const option = options.find(({ name }) => name === chosen);
    this.#addOrigin(chooser, at);
    const file = asRecord(source.file);
    if (option === undefined) {
      const names = options.map(({ name }) => name);
      this.#refuse(at, { key: this.origins.keyOf(at.at), got: chosen, problem: mustBeOneOf(names) });
      // Which keys are right cannot be told when the choice itself is wrong. What all options have is still looked at.
      const known = file === undefined ? source.file : pick(file, [key, ...Object.keys(common)]);
      const plain = options.find(({ own }) => Object.keys(own).length === 0);
      return { [key]: plain?.name ?? chosen, ...this.readObject(common, { ...source, file: known }, [key]) };
    }
    const foreign = file === undefined ? [] : this.#refuseForeign(choice, option, file, source);
    const rest = file === undefined ? source.file : omit(file, foreign);
    const shape = { ...common, ...option.own };
    return { [key]: option.name, ...this.readObject(shape, { ...source, file: rest }, [key]) };
  }

  /** The keys of the file that are settings of other options. */
  #refuseForeign(
    { key: choice, common, options }: Choice,
    option: Option,
    file: object,
    source: Source,
  ): string[] {
    const ownersOf = (key: string) =>
      options.filter(({ own }) => Object.hasOwn(own, key)).map(({ name }) => name);
    const refuse = (key: string, owners: readonly string[]) => {
      const problem = `is a setting of ${choice} ${owners.join(' and ')}, but the ${choice} is ${option.name}`;
      this.#ports.report({ key, got: MASK, problem }); // It may be a secret.
    };
    const known = { ...common, ...option.own, [choice]: true };
    const foreign = Object.keys(file).filter((key) => !Object.hasOwn(known, key) && ownersOf(key).length > 0);
    for (const key of foreign) refuse(fileKey([...source.path, key]), ownersOf(key));
    for (const other of options) {
      if (other === option) continue;
      for (const name of variablesIn(other.own)) {
        if (variable(source.env, name) !== undefined) refuse(name, [other.name]);
      }
    }
    return foreign;
  }

  #readList({ items, element, orOne }: Extract<Node, { kind: 'list' }>, source: Source): unknown {
    const { file, at, path } = source;
    const isAbsent = file === undefined || file === null;
    if (!Array.isArray(file) && (isAbsent || orOne)) {
      return [this.read(element, { ...source, at: [...at, 0], path: orOne ? path : [...path, 0] })];
    }
    const list = items.safeParse(file);
    if (!list.success) return file;
    const spoken = new Set<string>();
    return list.data.map((item, index) => {
      const one = { ...source, file: item, at: [...at, index], path: [...path, index] };
      return this.read(element, { ...one, ...speaking(nodeOf(element), one, index === 0, spoken) });
    });
  }

  #addOrigin(setting: Setting, source: Source): string {
    const { variable: name } = setting;
    const [, fileVariable = ''] = variablesOf(setting);
    const isSet = (each: string) => variable(source.env, each) !== undefined;
    const isInFile = name === '' || (!isSet(name) && (source.file !== undefined || source.isForeign(name)));
    const key = isSet(fileVariable) ? fileVariable : isInFile ? fileKey(source.path) : name;
    this.origins.add({ at: source.at, key, setting });
    return key;
  }

  #readSetting(setting: Setting, source: Source): unknown {
    const key = this.#addOrigin(setting, source);
    if (isReferable(setting)) return this.#readSecret(setting, source, key);
    const text = variable(source.env, setting.variable);
    const parsed = text === undefined ? undefined : parseText(text, setting.form);
    if (parsed?.ok === false) {
      return this.#refuse(source, { key, got: setting.secret ? MASK : text, problem: parsed.problem });
    }
    const raw = parsed === undefined ? source.file : parsed.value;
    if (hasMoreValues(raw, MOST_VALUES)) {
      const problem = `must have at most ${MOST_VALUES} values in all its lists and mappings`;
      return this.#refuse(source, { key, got: MASK, problem });
    }
    return raw ?? undefined;
  }

  /** The value, or what the value's place holds, now and whenever it is needed: a mounted Secret changes while we run. */
  #readSecret(setting: Setting, source: Source, key: string): unknown {
    const [name = '', fileVariable = ''] = variablesOf(setting);
    const path = variable(source.env, fileVariable);
    const text = variable(source.env, name);
    if (path !== undefined && text !== undefined) {
      const problem = `must not be set beside ${name}: both give the same value`;
      return this.#refuse(source, { key, got: path, problem });
    }
    const raw = text ?? source.file ?? undefined;
    if (path === undefined && typeof raw !== 'object') return typeof raw === 'string' ? new Secret(raw) : raw;
    const where = path === undefined ? reference.safeParse(raw).data : { file: path };
    const refuse = (problem: string) => this.#refuse(source, { key, got: path ?? MASK, problem });
    return where === undefined ? refuse(REFERENCE) : resolve(where, this.#ports.secrets, refuse);
  }

  #reportUnknownKeys(known: readonly string[], file: object, source: Source): void {
    for (const key of Object.keys(file).filter((name) => !known.includes(name))) {
      this.#ports.report({
        key: fileKey([...source.path, key]),
        got: MASK, // A misspelt key may hold a secret.
        problem: `is not a known setting${didYouMean(key, known)}`,
      });
    }
  }
}

/** The variables speak of the first item of a list; those of an option, of the first item that has chosen it. */
function speaking(
  node: Node,
  { env, file, isForeign }: Source,
  isFirst: boolean,
  spoken: Set<string>,
): Pick<Source, 'env' | 'isForeign'> {
  if (node.kind !== 'choice') return isFirst ? { env, isForeign } : { env: {}, isForeign: () => true };
  const given = isFirst ? variable(env, node.chooser.variable) : undefined;
  const chosen = given ?? asRecord(file)?.[node.key] ?? node.options[0]?.name;
  const others = node.options.filter(({ name }) => name !== chosen || spoken.has(name));
  if (typeof chosen === 'string') spoken.add(chosen);
  const general = isFirst ? [] : [...variablesOf(node.chooser), ...variablesIn(node.common)];
  const hidden = new Set([...general, ...others.flatMap(({ own }) => variablesIn(own))]);
  const heard = Object.entries(env).filter(([name]) => !hidden.has(name));
  return { env: Object.fromEntries(heard), isForeign: (name) => hidden.has(name) || isForeign(name) };
}

function variablesIn(shape: Shape): readonly string[] {
  return Object.values(shape).flatMap((schema) =>
    [...settingsOf(schema)].flatMap(({ setting }) => variablesOf(setting)),
  );
}

function below(source: Source, key: string): Source {
  const file = asRecord(source.file)?.[key];
  return { ...source, file, path: [...source.path, key], at: [...source.at, key] };
}

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

function fileKey(path: Path): string {
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

function omit(record: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key)));
}
