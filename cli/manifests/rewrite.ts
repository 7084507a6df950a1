import { type Alias, isAlias, isMap, type ParsedNode, visit, type YAMLMap, type YAMLSeq } from 'yaml';
import { align } from './align.ts';
import { addItems, addPairs, removeEntry, replaceValue } from './block.ts';
import type { Edit } from './edit.ts';
import { addPrinted, flowStyle, printIn, printKeyIn, removeFromFlow, replaceInFlow } from './flow.ts';
import { type Collection, type Entry, entriesOf, isCollection } from './layout.ts';
import type { Reading } from './read.ts';
import { remarkedAlias, restore } from './remark.ts';
import { styleIn } from './style.ts';
import {
  childOf,
  isLeaf,
  isListValue,
  isMapValue,
  isSame,
  mapOf,
  type Value,
  type ValueMap,
} from './value.ts';

/** The edits of `source` after which the document says `wanted`; undefined where none of ours do. */
export function rewrite(source: string, reading: Reading, wanted: Value, json: boolean): Edit[] | undefined {
  return new Rewriter(source, reading, json).run(wanted);
}

class Rewriter {
  readonly #source: string;
  readonly #reading: Reading;
  readonly #json: boolean;
  #edits: (Edit | undefined)[] = [];
  /** What nodes that change will say. */
  readonly #changed = new Map<ParsedNode, Value>();
  readonly #gone = new Set<unknown>();

  constructor(source: string, reading: Reading, json: boolean) {
    this.#source = source;
    this.#reading = reading;
    this.#json = json;
  }

  run(wanted: Value): Edit[] | undefined {
    const { contents } = this.#reading;
    if (!isCollection(contents) || !this.#goInto(contents, wanted)) return undefined;
    const others = this.#edits.splice(0);
    if (this.#reading.targets.size > 0) this.#writeOutAliases(contents);
    // Behind the lines of an alias, where they go to the same place: those belong to what is around it.
    this.#edits.push(...others);
    if (this.#reading.anchors.size > 0) this.#restoreAliases(contents);
    const edits = this.#edits.filter((edit) => edit !== undefined);
    return edits.length === this.#edits.length ? edits : undefined;
  }

  /** Whether the change could be made within `node`. */
  #goInto(node: ParsedNode | null, value: Value): boolean {
    if (isLeaf(value) || !isCollection(node) || node.items.length === 0) return false;
    if (isMap(node) !== isMapValue(value)) return false;
    this.#changed.set(node, value);
    if (isMap(node) && isMapValue(value)) this.#map(node, value);
    else if (!isMap(node) && isListValue(value)) this.#list(node, value);
    return true;
  }

  #map(node: YAMLMap.Parsed, value: ValueMap): void {
    const entries = entriesOf(node);
    const names = entries.map(({ key }) => this.#reading.nameOf(key));
    const was = this.#reading.valueOf(node);
    const doomed = names.flatMap((name, index) =>
      name !== undefined && !Object.hasOwn(value, name) ? [index] : [],
    );
    this.#remove(node, entries, doomed);
    const added: [string, Value][] = [];
    for (const [name, child] of Object.entries(value)) {
      const old = childOf(was, name);
      if (old !== undefined && isSame(old, child)) continue;
      const entry = entries[names.lastIndexOf(name)];
      // Where a map merged in later says more, the old value is not that of the pair.
      if (entry === undefined || this.#reading.valueOf(entry.value) !== old) added.push([name, child]);
      else this.#entry(node, entry, child);
    }
    if (added.length > 0) this.#addPairs(node, entries, mapOf(added));
  }

  #list(node: YAMLSeq.Parsed, value: readonly Value[]): void {
    const entries = entriesOf(node);
    const was = this.#reading.valueOf(node);
    const steps = align(isListValue(was) ? was : [], value);
    this.#remove(
      node,
      entries,
      steps.flatMap(({ kind, index }) => (kind === 'remove' ? [index] : [])),
    );
    const added = new Map<number, Value[]>();
    for (const step of steps) {
      const entry = entries[step.index];
      if (step.kind === 'change' && entry !== undefined) this.#entry(node, entry, step.value);
      if (step.kind === 'add') added.set(step.index, [...(added.get(step.index) ?? []), step.value]);
    }
    for (const [index, items] of added) this.#addItems(node, entries, index, items);
  }

  #entry(parent: Collection, entry: Entry, value: Value): void {
    if (this.#goInto(entry.value, value)) return;
    if (isAlias(entry.value)) this.#changed.set(entry.value, value);
    else this.#replace(parent, entry, value);
  }

  #replace(parent: Collection, entry: Entry, value: Value): void {
    this.#bury(entry);
    if (parent.flow === true) {
      this.#edits.push(replaceInFlow(this.#source, entry, value, this.#flowStyle(parent)));
    } else {
      const style = styleIn(this.#source, this.#reading.contents, parent);
      this.#edits.push(...replaceValue(this.#source, entry, !isMap(parent), value, style));
    }
  }

  #addPairs(node: YAMLMap.Parsed, entries: readonly Entry[], pairs: ValueMap): void {
    if (node.flow !== true) {
      const style = styleIn(this.#source, this.#reading.contents, node);
      this.#edits.push(addPairs(this.#source, entries, pairs, style));
      return;
    }
    const style = this.#flowStyle(node);
    const printed = Object.entries(pairs).map(
      ([key, value]) => printKeyIn(style, key) + printIn(this.#source, style, value),
    );
    this.#edits.push(addPrinted(this.#source, node, entries.length, printed, style));
  }

  #addItems(node: YAMLSeq.Parsed, entries: readonly Entry[], index: number, items: readonly Value[]): void {
    if (node.flow !== true) {
      const style = styleIn(this.#source, this.#reading.contents, node);
      this.#edits.push(addItems(this.#source, entries, index, items, style));
      return;
    }
    const style = this.#flowStyle(node);
    const printed = items.map((item) => printIn(this.#source, style, item));
    this.#edits.push(addPrinted(this.#source, node, index, printed, style));
  }

  #remove(node: Collection, entries: readonly Entry[], indexes: readonly number[]): void {
    for (const index of indexes) this.#bury(entries[index]);
    if (node.flow === true) this.#edits.push(...removeFromFlow(entries, new Set(indexes)));
    else this.#edits.push(...indexes.map((index) => removeEntry(this.#source, entries, index)));
  }

  /** An anchor that went can be named no more. */
  #bury(entry: Entry | undefined): void {
    for (const node of [entry?.key, entry?.value]) {
      if (node) visit(node, { Node: (_, inner) => void this.#gone.add(inner) });
    }
  }

  /** A change of what an anchor names must not show at the other places that name it. */
  #writeOutAliases(node: Collection): void {
    for (const entry of entriesOf(node)) {
      if (this.#gone.has(entry.value)) continue;
      if (isCollection(entry.value)) this.#writeOutAliases(entry.value);
      if (isAlias(entry.value)) this.#writeOutAlias(node, entry, entry.value);
    }
  }

  #writeOutAlias(parent: Collection, entry: Entry, alias: Alias.Parsed): void {
    const target = this.#reading.targets.get(alias);
    const value = this.#after(alias);
    const isStill = target !== undefined && !this.#gone.has(target) && isSame(this.#after(target), value);
    if (!isStill) this.#replace(parent, entry, value);
  }

  /** Where what was written out is again what the anchor names. */
  #restoreAliases(node: Collection): void {
    if (node.flow === true) return;
    for (const entry of entriesOf(node)) {
      if (this.#gone.has(entry.value) || !isCollection(entry.value)) continue;
      if (this.#isAliasAgain(entry, entry.value)) this.#restore(entry);
      else this.#restoreAliases(entry.value);
    }
  }

  #isAliasAgain(entry: Entry, value: Collection): boolean {
    const named = this.#reading.anchors.get(remarkedAlias(this.#source, entry) ?? '');
    const target = named?.findLast(({ range }) => range[0] < entry.start);
    if (target === undefined || this.#gone.has(target)) return false;
    return isSame(this.#after(target), this.#after(value));
  }

  #restore(entry: Entry): void {
    this.#edits = this.#edits.filter((edit) => !edit || edit.end <= entry.head || edit.start >= entry.end);
    this.#edits.push(...restore(this.#source, entry));
  }

  #after(node: ParsedNode): Value {
    return this.#changed.get(node) ?? this.#reading.valueOf(node);
  }

  #flowStyle(collection: Collection) {
    return flowStyle(this.#source, collection, this.#json);
  }
}
