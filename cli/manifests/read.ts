import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  type Node,
  type Pair,
  type ParsedNode,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { AliasMeter } from './alias-meter.ts';
import { withoutMarks } from './lenient.ts';
import { readJsonToken, readPlain, readPlainKey, readTagged } from './scalar.ts';
import { readSeparated } from './separators.ts';
import { isListValue, isMapValue, mapOf, type Value } from './value.ts';

/** The limit of nesting, as each level takes some stack; the deepest object of Kubernetes has 40 levels. */
const DEEPEST = 500;
export const TOO_DEEP = `more than ${DEEPEST} lists and maps stand within each other; no Kubernetes object has so many, so look for a bracket that is never closed`;

/** A document with the values of its nodes, as kubectl reads them: of duplicate keys the last one counts, merged ones included. */
export class Reading {
  readonly contents: ParsedNode | null;
  readonly value: Value;
  /** The nodes of each anchor, in the order of the file. */
  readonly anchors = new Map<string, ParsedNode[]>();
  /** The node that each alias refers to. */
  readonly targets = new Map<Alias.Parsed, ParsedNode>();
  readonly #values = new Map<Node, Value>();
  readonly #source: string;
  readonly #json: boolean;
  readonly #meter = new AliasMeter();
  #depth = 0;

  /** Throws. */
  constructor({ contents }: Document.Parsed, source: string, json: boolean) {
    this.#source = source;
    this.#json = json;
    this.contents = contents;
    this.value = this.#read(contents);
  }

  valueOf(node: ParsedNode | null): Value {
    return node === null ? null : (this.#values.get(node) ?? null);
  }

  /** The name of a key; undefined for a merge key. */
  nameOf(key: ParsedNode | null): string | undefined {
    return isMergeKey(key) ? undefined : this.#name(key);
  }

  #read(node: ParsedNode | null): Value {
    if (node === null) return null;
    // Before its content, which may already refer to it.
    if (node.anchor !== undefined)
      this.anchors.set(node.anchor, [...(this.anchors.get(node.anchor) ?? []), node]);
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw new Error(TOO_DEEP);
    const value = isAlias(node) ? this.#alias(node) : this.#meter.measure(node, () => this.#own(node));
    this.#depth -= 1;
    this.#values.set(node, value);
    return value;
  }

  #own(node: Exclude<ParsedNode, Alias.Parsed>): Value {
    if (isScalar(node)) return this.#scalar(node);
    if (!isMap(node)) return node.items.map((item) => this.#read(item));
    const [only] = node.items;
    // A single pair in a flow list: kubectl reads two texts from `[::1, fd00::]`.
    const isText =
      node.flow === true && node.srcToken === undefined && only !== undefined && endsInColon(only);
    return isText ? readPlain(`${String(isScalar(only.key) ? only.key.value : '')}:`) : this.#map(node);
  }

  #alias(node: Alias.Parsed): Value {
    const target = this.anchors.get(node.source)?.at(-1);
    if (target === undefined) throw new Error(`the alias *${node.source} stands for no anchor before it`);
    this.#meter.repeat(target, node.source);
    this.targets.set(node, target);
    return this.valueOf(target);
  }

  #scalar({ type, tag, value, range }: Scalar.Parsed): Value {
    const separated = this.#json ? undefined : readSeparated(this.#source.slice(range[0], range[1]));
    const text = separated ?? withoutMarks(String(value));
    if (tag !== undefined) return readTagged(tag, text);
    if (type !== 'PLAIN') return text;
    return this.#json ? readJsonToken(text) : readPlain(text);
  }

  #map({ items }: YAMLMap.Parsed): Value {
    return mapOf(
      items.flatMap(({ key, value }) => {
        if (isMergeKey(key)) return this.#merged(value);
        this.#read(key);
        return [[this.#name(key), this.#read(value)] as const];
      }),
    );
  }

  #merged(node: ParsedNode | null): (readonly [string, Value])[] {
    const value = this.#read(node);
    // The first of several maps takes precedence.
    const maps = isListValue(value) ? value.toReversed() : [value];
    return maps.flatMap((map) => {
      if (!isMapValue(map)) throw new Error('what "<<" merges in has to be a map, or a list of maps');
      return Object.entries(map);
    });
  }

  #name(key: ParsedNode | null): string {
    if (isScalar(key) && key.type === 'PLAIN' && key.tag === undefined) {
      const name = readPlainKey(String(key.value));
      if (name !== undefined) return name;
    }
    const value = this.valueOf(key);
    // `{{ placeholder }}` reads as a map whose key is a map.
    if (typeof value !== 'object') return String(value);
    throw new Error('a key has to be a text; render templates first, as with helm template');
  }
}

/** `a:` before a comma or a bracket, which is no key for go-yaml v2. */
function endsInColon({ key, value, srcToken }: Pair<ParsedNode, ParsedNode | null>): boolean {
  const [colon, ...more] = srcToken?.sep ?? [];
  const isEmpty = value === null || value.range[0] === value.range[1];
  return (
    isScalar(key) && key.type === 'PLAIN' && colon?.offset === key.range[1] && isEmpty && more.length === 0
  );
}

export function isMergeKey(key: ParsedNode | null): boolean {
  return (
    isScalar(key) && key.value === '<<' && (key.type === 'PLAIN' || key.tag?.endsWith(':merge') === true)
  );
}
