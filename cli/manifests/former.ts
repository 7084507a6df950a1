import { isAlias, isMap, type ParsedNode } from 'yaml';
import { entriesOf, isCollection } from './layout.ts';
import { isMergeKey, type Reading } from './read.ts';
import { type Former, formerOf, type Remark, remarksIn } from './remark.ts';
import { adding, type Change, childOf, isLeaf, mapOf, removing, type Value } from './value.ts';

/** A document before injection, by its remarks. */
export class FormerDocument {
  readonly #reading: Reading;
  readonly #remarks: ReadonlyMap<ParsedNode, Remark>;

  constructor(lines: string, reading: Reading) {
    this.#reading = reading;
    this.#remarks = remarksIn(lines, reading.contents);
  }

  /** The change that restores what was at `path`. */
  removal(path: readonly string[]): Change {
    const left = this.#at(this.#reading.contents, path);
    return left === undefined ? removing : adding(left);
  }

  /** The former value at `path` below `node`; undefined where there was none. */
  #at(node: ParsedNode | null, path: readonly string[]): Value | undefined {
    const remark = node === null ? undefined : this.#remarks.get(node);
    if (remark !== undefined) return this.#byRemark(remark, formerOf(remark), path);
    if (isAlias(node)) return this.#at(this.#reading.targets.get(node) ?? null, path);
    if (!isCollection(node)) return undefined;
    const [name, ...rest] = path;
    if (name === undefined) return this.#remains(node);
    const child = this.#child(node, name);
    return child === undefined ? undefined : this.#at(child, rest);
  }

  #byRemark({ parent, entry }: Remark, former: Former, path: readonly string[]): Value | undefined {
    if (former.kind === 'value') return path.length === 0 ? former.value : undefined;
    const node =
      former.kind === 'alias'
        ? anchored(this.#reading, former.name, entry.start)
        : this.#inherited(parent, this.#reading.nameOf(entry.key) ?? '');
    if (!node) return undefined;
    return this.#at(node, path) ?? emptyAt(this.#reading.valueOf(node), path);
  }

  /** The former values of the remarks in a map that injection added. */
  #remains(node: ParsedNode | null): Value | undefined {
    if (!isCollection(node) || !isMap(node)) return undefined;
    const left = entriesOf(node).flatMap(({ key, value }) => {
      const name = this.#reading.nameOf(key);
      const remark = value === null ? undefined : this.#remarks.get(value);
      const old = remark && this.#byRemark(remark, formerOf(remark), []);
      return old === undefined || name === undefined ? [] : [[name, old] as const];
    });
    return left.length > 0 ? mapOf(left) : undefined;
  }

  #child(node: ParsedNode, name: string): ParsedNode | null | undefined {
    if (!isCollection(node)) return undefined;
    if (!isMap(node)) return node.items[Number(name)];
    const own = entriesOf(node).findLast(({ key }) => this.#reading.nameOf(key) === name);
    return own === undefined ? this.#inherited(node, name) : own.value;
  }

  /** The value of that name in the maps that are merged into `node`. */
  #inherited(node: ParsedNode, name: string): ParsedNode | null | undefined {
    if (!isCollection(node) || !isMap(node)) return undefined;
    return node.items
      .filter(({ key }) => isMergeKey(key))
      .flatMap(({ value }) => mergedNodes(this.#reading, value))
      .map((merged) => this.#child(merged, name))
      .findLast((found) => found !== undefined);
  }
}

/** The node that an alias of that name at `position` refers to. */
export function anchored(reading: Reading, name: string, position: number): ParsedNode | undefined {
  return reading.anchors.get(name)?.findLast(({ range }) => range[0] < position);
}

/** The maps that a "<<" merges, the one that takes precedence last. */
export function mergedNodes(reading: Reading, value: ParsedNode | null): ParsedNode[] {
  const node = isAlias(value) ? (reading.targets.get(value) ?? null) : value;
  if (!isCollection(node)) return [];
  return isMap(node) ? [node] : node.items.toReversed().flatMap((item) => mergedNodes(reading, item));
}

function emptyAt(value: Value, path: readonly string[]): Value | undefined {
  const found = path.reduce<Value | undefined>(childOf, value);
  return typeof found === 'object' && isLeaf(found) ? found : undefined;
}
