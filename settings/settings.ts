/**
 * Settings: typed leaves of a tree that mirrors the configuration file. Each may also come from one environment
 * variable, which wins.
 */
import * as z from 'zod';
import type { Site } from './site.ts';

/** How the text of a variable becomes the value that a file would hold. */
export type Form = 'text' | 'number' | 'boolean' | 'list' | 'json';

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

/** What a check of several settings is given. */
export interface CheckContext {
  /** Undefined when they have a problem of their own. */
  readonly sites: readonly Site[] | undefined;
  /** `path` is that of the setting to blame, below the choice; the problem reads on from its key. */
  readonly report: (path: readonly string[], got: unknown, problem: string) => void;
}

/** One of the things that can be chosen, with the settings that only it has. A row of a registry. */
export interface Option {
  readonly name: string;
  /** One sentence for docs/configuration.md. */
  readonly meaning: string;
  /** They stand beside the setting that chooses. */
  readonly settings: Tree;
  /** Reports what no single setting shows. Pure. Values are undefined where a setting has a problem of its own. */
  check?(values: never, context: CheckContext): void;
}

/**
 * A part of the configuration in which one setting says what the others are: `kind: lease` brings the settings of
 * the lease trigger, and those of every other kind are refused beside it.
 */
export class Choice<
  const K extends string = string,
  const O extends readonly Option[] = readonly Option[],
  const C extends Tree = Tree,
> {
  readonly key: K;
  /** The setting that chooses; the first option is its default. */
  readonly chooser: Setting<string>;
  readonly options: O;
  /** What there is whatever is chosen. */
  readonly common: C;

  constructor(key: K, options: O, { variable = '', meaning, common }: ChoiceText<C>) {
    const names = options.map(({ name }) => name);
    const schema = z.enum(names, { error: `must be one of ${names.join(', ')}` });
    this.key = key;
    this.chooser = new Setting(variable, 'text', schema.default(names[0] ?? ''), meaning);
    this.options = options;
    this.common = common;
  }

  /** Undefined when what is chosen does not exist. */
  option(chosen: unknown): Option | undefined {
    const result = this.chooser.schema.safeParse(chosen ?? undefined);
    return result.success ? this.options.find(({ name }) => name === result.data) : undefined;
  }

  /** What can be set once `option` is chosen. */
  tree(option: Option | undefined): Tree {
    return { [this.key]: this.chooser, ...this.common, ...option?.settings };
  }

  /** The names of the options that have a setting of this key. */
  owners(key: string): readonly string[] {
    return this.options.filter(({ settings }) => Object.hasOwn(settings, key)).map(({ name }) => name);
  }
}

/**
 * The same choice made once, or several times as a list. The variables speak of the first of them; those of an option
 * speak of the first that has chosen it.
 */
export class Several<const C extends Choice = Choice> {
  readonly choice: C;

  constructor(choice: C) {
    this.choice = choice;
  }
}

interface ChoiceText<C extends Tree> {
  /** The variable that chooses, too. */
  readonly variable?: string;
  readonly meaning: string;
  readonly common: C;
}

/** The structural view that a tree of settings of different types shares. */
export interface Tree {
  readonly [key: string]: Setting<unknown> | Choice | Several | Tree;
}

/** What reading a tree gives: undefined where a setting is absent or has a problem. */
export type Values<T extends Tree> = {
  readonly [K in keyof T]: T[K] extends Setting<infer V>
    ? V | undefined
    : T[K] extends Choice<string, readonly Option[], infer C>
      ? ChoiceValues<C>
      : T[K] extends Several<Choice<string, readonly Option[], infer C>>
        ? readonly ChoiceValues<C>[]
        : T[K] extends Tree
          ? Values<T[K]>
          : never;
};

type ChoiceValues<C extends Tree> = Values<C> & Readonly<Record<string, unknown>>;

/** The same when nothing was reported: then only what is optional can be undefined. */
export type Checked<T extends Tree> = {
  readonly [K in keyof T]: T[K] extends Setting<infer V>
    ? V
    : T[K] extends Choice<infer D, infer O, infer C>
      ? Chosen<D, O, C>
      : T[K] extends Several<Choice<infer D, infer O, infer C>>
        ? readonly Chosen<D, O, C>[]
        : T[K] extends Tree
          ? Checked<T[K]>
          : never;
};

/** One member for each option. */
type Chosen<D extends string, O extends readonly Option[], C extends Tree> = {
  [I in keyof O]: { readonly [K in D]: O[I]['name'] } & Checked<C> & Checked<O[I]['settings']>;
}[number];

/** A setting with its place. */
export interface Place {
  readonly path: readonly string[];
  readonly setting: Setting<unknown>;
  /** Absent: there always. Else only where the setting at that path has that value. */
  readonly when?: { readonly path: readonly string[]; readonly value: string };
}

/** Every setting of a tree, in the order of the tree; of a choice, those of all its options. */
export function* settingsOf(tree: Tree, path: readonly string[] = []): Generator<Place> {
  for (const [key, node] of Object.entries(tree)) {
    const at = [...path, key];
    if (node instanceof Setting) yield { path: at, setting: node };
    else if (node instanceof Several) yield* placesOf(node.choice, at);
    else if (node instanceof Choice) yield* placesOf(node, at);
    else yield* settingsOf(node, at);
  }
}

function* placesOf(choice: Choice, path: readonly string[]): Generator<Place> {
  yield* settingsOf(choice.tree(undefined), path);
  for (const { name, settings } of choice.options) {
    for (const place of settingsOf(settings, path)) {
      yield { when: { path: [...path, choice.key], value: name }, ...place };
    }
  }
}
