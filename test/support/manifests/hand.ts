import type { SeededRandom } from '../random.ts';
import { BARE, words } from './scalars.ts';
import { Again, MERGE, Named, type Tree, type TreeMap, Written } from './tree.ts';

/** How one person, or one program, writes YAML. */
export interface Habit {
  readonly step: number;
  readonly flushLists: boolean;
  /** Chances from 0 to 1. */
  readonly comments: number;
  readonly blankLines: number;
  readonly flow: number;
  readonly quotes: number;
  readonly folded: number;
  /** Within braces. */
  readonly padding: '' | ' ';
  /** How many braces go over several lines, and how many empty ones are written oddly. */
  readonly spread: number;
  /** Whether long texts in quotes go on at the column of their key, as go-yaml v2 prints them. */
  readonly leftQuotes: boolean;
}

const SAFE = /^[A-Za-z][A-Za-z0-9_./-]*( [A-Za-z][A-Za-z0-9_./-]*)*$/;
const WORD_VALUES = /^(y|n|yes|no|on|off|true|false|null)$/i;

export function drawHabit(random: SeededRandom): Habit {
  return {
    step: random.pick([2, 2, 2, 3, 4]),
    flushLists: random.chance(0.5),
    comments: random.pick([0, 0.05, 0.3]),
    blankLines: random.pick([0, 0, 0.1]),
    flow: random.pick([0, 0.2, 0.7]),
    quotes: random.pick([0, 0.3, 1]),
    folded: random.pick([0, 0.5]),
    padding: random.pick(['', ' ']),
    spread: random.pick([0, 0, 0.5]),
    leftQuotes: random.chance(0.3),
  };
}

export class Hand {
  readonly #random: SeededRandom;
  readonly #habit: Habit;

  constructor(random: SeededRandom, habit: Habit) {
    this.#random = random;
    this.#habit = habit;
  }

  /** The lines of a map, from `column` on. */
  map(map: TreeMap, column: number): string[] {
    return Object.entries(map).flatMap(([key, value]) => [
      ...this.#between(column),
      ...this.#under(`${' '.repeat(column)}${this.#key(key)}:`, value, column, false),
    ]);
  }

  #list(list: readonly Tree[], column: number): string[] {
    return list.flatMap((item) => [...this.#between(column), ...this.#item(item, column)]);
  }

  #item(item: Tree, column: number): string[] {
    const dash = `${' '.repeat(column)}-`;
    const isBlockMap = isMap(item) && Object.keys(item).length > 0 && !this.#random.chance(this.#habit.flow);
    if (!isBlockMap) return this.#under(dash, item, column, true);
    const [first = '', ...others] = this.map(item, column + 2);
    // A comment may not come between the dash and the first pair without changing its line.
    return /^\s*(#|$)/.test(first) ? [dash, first, ...others] : [`${dash} ${first.trimStart()}`, ...others];
  }

  /** `head`: the key or the dash; its value beside it or in the lines below. */
  #under(head: string, value: Tree, column: number, isItem: boolean): string[] {
    if (value instanceof Named) return this.#under(`${head} &${value.name}`, value.tree, column, isItem);
    if (value instanceof Again) return [this.#ended(`${head} *${value.named.name}`)];
    if (value === null) return [this.#ended(head + this.#random.pick(['', ' null', ' ~']))];
    if (typeof value === 'string') return this.#text(head, value, column);
    if (isLeaf(value) || this.#random.chance(this.#habit.flow)) return this.#braced(head, value, column);
    const within = Array.isArray(value)
      ? this.#list(value, column + (this.#habit.flushLists && !isItem ? 0 : this.#habit.step))
      : this.map(value as TreeMap, column + this.#habit.step);
    return [this.#ended(head), ...within];
  }

  #braced(head: string, value: Tree, column: number): string[] {
    const isSpread = this.#random.chance(this.#habit.spread);
    if (!isSpread || !(Array.isArray(value) || isMap(value)))
      return [this.#ended(`${head} ${this.#flow(value)}`)];
    const inner = column + this.#habit.step;
    const lines = this.#spread(value, inner);
    const tag = this.#random.chance(0.2) ? (Array.isArray(value) ? ' !!seq' : ' !!map') : '';
    const [first = '', ...rest] = lines;
    return this.#random.chance(0.2)
      ? [this.#ended(head + tag), this.#ended(' '.repeat(inner) + first), ...rest]
      : [`${head}${tag} ${first}`, ...rest];
  }

  /** Braces over several lines, with comments between. */
  #spread(value: Tree, column: number): string[] {
    if (value instanceof Named) {
      const [first = '', ...rest] = this.#spread(value.tree, column);
      return [`&${value.name} ${first}`, ...rest];
    }
    const isList = Array.isArray(value);
    if ((!isList && !isMap(value)) || this.#random.chance(0.3)) return [this.#flow(value)];
    const margin = ' '.repeat(column);
    const parts = isList
      ? value.map((item) => this.#spread(item, column + 2))
      : Object.entries(value as TreeMap).map(([key, child]) => {
          const [first = '', ...rest] = this.#spread(child, column + 2);
          return [`${this.#key(key)}: ${first}`, ...rest];
        });
    const commaAtEnd = this.#random.chance(0.3);
    const body = parts.flatMap(([first = '', ...rest], index) => {
      const lines = [`${margin}${first}`, ...rest];
      const comma = index < parts.length - 1 || commaAtEnd ? ',' : '';
      return [...this.#between(column), ...lines.with(-1, this.#ended(`${lines.at(-1)}${comma}`))];
    });
    const [open, close] = isList ? '[]' : '{}';
    return [this.#ended(`${open}`), ...body, ...this.#between(column), `${margin}${close}`];
  }

  #text(head: string, text: string, column: number): string[] {
    const inner = ' '.repeat(column + this.#habit.step);
    if (text.includes('\n') && !/[\t\u0080-\u00a0\u2028]/.test(text))
      return literal(head, text, inner, this.#habit.step);
    if (text.length > 60 && SAFE.test(text) && this.#random.chance(this.#habit.folded)) {
      return this.#folded(head, text, column, inner);
    }
    return [this.#ended(`${head} ${this.#quoted(text)}`)];
  }

  /** A long text in several lines. */
  #folded(head: string, text: string, column: number, inner: string): string[] {
    const lines = inLines(text, this.#random);
    const quoted = (quote: string, margin: string) =>
      [`${head} ${quote}${lines[0]}`, ...lines.slice(1).map((line) => margin + line)].map(
        (line, index, all) => (index === all.length - 1 ? line + quote : line),
      );
    return this.#random.pick([
      () => [`${head} >-`, ...lines.map((line) => inner + line)],
      () => quoted('', inner),
      () => quoted('"', this.#habit.leftQuotes ? ' '.repeat(column) : inner),
      () => quoted("'", this.#habit.leftQuotes ? ' '.repeat(column) : inner),
    ])();
  }

  #quoted(text: string): string {
    const isBare = (SAFE.test(text) && !WORD_VALUES.test(text)) || (BARE as readonly string[]).includes(text);
    if (isBare && !this.#random.chance(this.#habit.quotes)) return text;
    const isPlain = !/[\p{Cc}\u0080-\u00a0\u2028]/u.test(text);
    if (isPlain && this.#random.chance(0.4)) return `'${text.replaceAll("'", "''")}'`;
    return JSON.stringify(text).replaceAll('\u0085', '\\u0085').replaceAll('\u2028', '\\L');
  }

  #key(key: string): string {
    if (key === MERGE || (SAFE.test(key) && !this.#random.chance(this.#habit.quotes / 5))) return key;
    return JSON.stringify(key);
  }

  #flow(value: Tree): string {
    if (value instanceof Written) return value.text;
    if (value instanceof Named) return `&${value.name} ${this.#flow(value.tree)}`;
    if (value instanceof Again) return `*${value.named.name} `;
    // A bare text may have what ends it within braces.
    if (typeof value === 'string')
      return SAFE.test(value)
        ? this.#quoted(value)
        : JSON.stringify(value).replaceAll('\u0085', '\\u0085').replaceAll('\u2028', '\\L');
    if (Array.isArray(value))
      return this.#braces(
        '[]',
        value.map((item) => this.#flow(item)),
      );
    if (!isMap(value)) return JSON.stringify(value);
    return this.#braces(
      '{}',
      Object.entries(value).map(([key, child]) => `${this.#key(key)}: ${this.#flow(child)}`),
    );
  }

  #braces([open, close]: string, parts: readonly string[]): string {
    if (parts.length === 0) return `${open}${close}`;
    const { padding } = this.#habit;
    return `${open}${padding}${parts.join(', ')}${padding}${close}`;
  }

  #between(column: number): string[] {
    const lines: string[] = [];
    if (this.#random.chance(this.#habit.blankLines)) lines.push(this.#random.pick(['', '   ']));
    if (this.#random.chance(this.#habit.comments)) lines.push(this.#comment(column));
    return lines;
  }

  #comment(column: number): string {
    const margin = this.#random.chance(0.8)
      ? ' '.repeat(column)
      : ' '.repeat(this.#random.integer(0, column + 3));
    return `${margin}#${this.#random.pick([' ', '', '\t'])}${words(this.#random, 1, 6)}: "it's`;
  }

  #ended(line: string): string {
    if (this.#random.chance(this.#habit.comments / 2)) return `${line} # ${words(this.#random, 1, 4)}`;
    return this.#random.chance(0.02) ? `${line}  ` : line;
  }
}

function literal(head: string, text: string, inner: string, step: number): string[] {
  const sign = text.startsWith(' ') ? String(step) : '';
  const chomp = text.endsWith('\n\n') ? '+' : text.endsWith('\n') ? '' : '-';
  const lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
  return [`${head} |${sign}${chomp}`, ...lines.map((line) => (line === '' ? '' : inner + line))];
}

function inLines(text: string, random: SeededRandom): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length > random.integer(30, 80)) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

function isMap(tree: Tree): tree is TreeMap {
  return (
    typeof tree === 'object' &&
    tree !== null &&
    ![Array, Written, Named, Again].some((kind) => tree instanceof kind)
  );
}

function isLeaf(tree: Tree): boolean {
  if (Array.isArray(tree)) return tree.length === 0;
  return !isMap(tree) || Object.keys(tree).length === 0;
}
