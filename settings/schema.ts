/**
 * The configuration is one zod schema: objects, lists and choices down to the settings, which have metadata. This is
 * how the rest of the program walks over it.
 */
import * as z from 'zod';

declare module 'zod' {
  interface GlobalMeta {
    /** The environment variable that gives the setting as well, and wins. Absent: only the file has it. */
    env?: string;
    /** Shown nowhere. */
    secret?: boolean;
    /** Of a list: an item may stand in its place. */
    orOne?: boolean;
  }
}

/** How the text of a variable becomes the value that a file would hold. */
export type Form = 'text' | 'number' | 'boolean' | 'list' | 'json';

/** A leaf of the schema. */
export interface Setting {
  /** Empty for a setting that only the file has. */
  readonly variable: string;
  /** One sentence for the reader of docs/configuration.md. */
  readonly meaning: string;
  readonly secret: boolean;
  readonly form: Form;
  readonly schema: z.core.$ZodType;
}

export type Shape = Readonly<Record<string, z.core.$ZodType>>;

/** One setting says what the others are: `kind: lease` brings those of the lease trigger. */
export interface Choice {
  readonly key: string;
  /** The setting that chooses; the first option is its default. */
  readonly chooser: Setting;
  /** What there is whatever is chosen. */
  readonly common: Shape;
  readonly options: readonly Option[];
}

export interface Option {
  readonly name: string;
  readonly meaning: string;
  /** The settings that only it has. */
  readonly own: Shape;
}

/** What stands at a place of the schema. */
export type Node =
  | { readonly kind: 'setting'; readonly setting: Setting }
  | { readonly kind: 'object'; readonly shape: Shape }
  | {
      readonly kind: 'list';
      readonly items: z.ZodArray<z.core.$ZodType>;
      readonly element: z.core.$ZodType;
      readonly orOne: boolean;
    }
  | ({ readonly kind: 'choice' } & Choice);

/** `items` judges the list as a whole: only when it is right is each item looked into. */
export function listOf<T extends z.ZodType>(items: z.ZodArray<z.ZodUnknown>, element: T) {
  return items.pipe(z.array(element));
}

/** The error of a choice, too. */
export function mustBeOneOf(names: readonly string[]): string {
  return `must be one of ${names.join(', ')}`;
}

/** A schema never changes, and its union of triggers has some hundred settings. */
const NODES = new WeakMap<z.core.$ZodType, Node>();

export function nodeOf(schema: z.core.$ZodType): Node {
  const known = NODES.get(schema);
  if (known !== undefined) return known;
  const node = readNode(schema);
  NODES.set(schema, node);
  return node;
}

function readNode(schema: z.core.$ZodType): Node {
  if (schema instanceof z.ZodObject) return { kind: 'object', shape: schema.shape };
  if (schema instanceof z.ZodDiscriminatedUnion) return { kind: 'choice', ...choiceOf(schema) };
  if (schema instanceof z.ZodPipe && schema.in instanceof z.ZodArray && schema.out instanceof z.ZodArray) {
    const { orOne = false } = schema.meta() ?? {};
    return { kind: 'list', items: schema.in, element: schema.out.element, orOne };
  }
  return { kind: 'setting', setting: settingOf(schema) };
}

export function choiceOf(schema: z.ZodDiscriminatedUnion): Choice {
  const { discriminator: key } = schema.def;
  const rows = schema.options.filter((option) => option instanceof z.ZodObject);
  const shapes: readonly Shape[] = rows.map(({ shape }) => shape);
  const [first = {}] = shapes;
  const isCommon = (name: string) => shapes.every((shape) => shape[name] === first[name]);
  const parts = (shape: Shape, common: boolean): Shape =>
    Object.fromEntries(Object.entries(shape).filter(([name]) => name !== key && isCommon(name) === common));
  const options = rows.map((row, index): Option => {
    const [name] = shapes[index]?.[key]?._zod.values ?? [];
    return { name: String(name), meaning: row.description ?? '', own: parts(row.shape, false) };
  });
  const names = options.map(({ name }) => name);
  const chooser = z.enum(names, mustBeOneOf(names)).default(names[0] ?? '');
  return {
    key,
    chooser: { ...settingOf(schema), form: 'text', schema: chooser },
    common: parts(first, true),
    options,
  };
}

function settingOf(schema: z.core.$ZodType): Setting {
  const { env = '', description = '', secret = false } = z.globalRegistry.get(schema) ?? {};
  return { variable: env, meaning: description, secret, form: formOf(schema), schema };
}

function formOf(schema: z.core.$ZodType): Form {
  const inner = innermost(schema);
  if (inner instanceof z.ZodArray) return innermost(inner.element) instanceof z.ZodString ? 'list' : 'json';
  if (inner instanceof z.ZodBoolean) return 'boolean';
  return inner instanceof z.ZodNumber ? 'number' : 'text';
}

/** What it takes, whatever is made of that. */
function innermost(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional)
    return innermost(schema.def.innerType);
  return schema instanceof z.ZodPipe ? innermost(schema.in) : schema;
}

/** A setting with its place. */
export interface Place {
  readonly path: readonly string[];
  readonly setting: Setting;
  /** Absent: there always. Else only where the setting at that path has that value. */
  readonly when?: { readonly path: readonly string[]; readonly value: string };
}

/** Every setting, in the order of the schema; of a choice, those of all its options; of a list, those of an item. */
export function* settingsOf(schema: z.core.$ZodType, path: readonly string[] = []): Generator<Place> {
  const node = nodeOf(schema);
  if (node.kind === 'setting') yield { path, setting: node.setting };
  else if (node.kind === 'object') yield* settingsIn(node.shape, path);
  else if (node.kind === 'list') yield* settingsOf(node.element, path);
  else {
    yield { path: [...path, node.key], setting: node.chooser };
    yield* settingsIn(node.common, path);
    for (const { name, own } of node.options) {
      for (const place of settingsIn(own, path)) {
        yield { when: { path: [...path, node.key], value: name }, ...place };
      }
    }
  }
}

function* settingsIn(shape: Shape, path: readonly string[]): Generator<Place> {
  for (const [key, inner] of Object.entries(shape)) yield* settingsOf(inner, [...path, key]);
}
