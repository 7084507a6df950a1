import { type Alias, isAlias, isMap, type ParsedNode, visit, type YAMLMap, type YAMLSeq } from 'yaml';
import { align } from './align.ts';
import { BlockEditor } from './block.ts';
import type { Edit } from './edit.ts';
import type { Editor } from './editor.ts';
import { FlowEditor } from './flow.ts';
import { type Collection, type Entry, entriesOf, isCollection, lineEnd } from './layout.ts';
import { printScalar } from './print.ts';
import type { Reading } from './read.ts';
import { Recall } from './recall.ts';
import { type Remark, remarksIn } from './remark.ts';
import type { Source } from './source.ts';
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

interface Document {
  readonly source: Source;
  readonly reading: Reading;
  readonly json: boolean;
  /** Whether injection is undone, so that what was there before comes back. */
  readonly takesOut: boolean;
}

/** The edits after which the document has the value `wanted`; undefined where none can do that. */
export function rewrite(document: Document, wanted: Value): Edit[] | undefined {
  return new Rewriter(document).run(wanted);
}

class Rewriter {
  readonly #source: Source;
  readonly #reading: Reading;
  readonly #json: boolean;
  readonly #remarks: ReadonlyMap<ParsedNode, Remark>;
  readonly #recall: Recall;
  readonly #takesOut: boolean;
  #edits: (Edit | undefined)[] = [];
  /** The new values of nodes that change. */
  readonly #changed = new Map<ParsedNode, Value>();
  readonly #gone = new Set<unknown>();

  constructor({ source, reading, json, takesOut }: Document) {
    this.#source = source;
    this.#reading = reading;
    this.#json = json;
    this.#takesOut = takesOut;
    this.#remarks = remarksIn(source.lines, reading.contents);
    this.#recall = new Recall(source, reading, (node) => this.#after(node));
  }

  run(wanted: Value): Edit[] | undefined {
    const { contents } = this.#reading;
    if (!isCollection(contents) || !this.#goInto(contents, wanted)) return undefined;
    const others = this.#edits.splice(0);
    if (this.#reading.targets.size > 0) this.#writeOutAliases(contents);
    // Behind edits of aliases at the same place, as these belong to the collection around them.
    this.#edits.push(...others);
    if (this.#takesOut) for (const [value, remark] of this.#remarks) this.#settle(value, remark);
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
    const doomed = entries.flatMap((entry, index) => {
      const name = names[index];
      const remark = this.#remarkOf(entry);
      if (name === undefined) return [];
      const isAgain =
        this.#takesOut && remark !== undefined && this.#recall.isInheritedAgain(remark, node, value);
      return isAgain || !Object.hasOwn(value, name) ? [index] : [];
    });
    this.#remove(node, entries, doomed);
    const added: [string, Value][] = [];
    for (const [name, child] of Object.entries(value)) {
      const old = childOf(was, name);
      const index = names.lastIndexOf(name);
      if ((old !== undefined && isSame(old, child)) || doomed.includes(index)) continue;
      const entry = entries[index];
      // Where a map that is merged later takes precedence, the old value is not that of the pair.
      if (entry === undefined || this.#reading.valueOf(entry.value) !== old) added.push([name, child]);
      else this.#entry(node, entry, child);
    }
    if (added.length === 0) return;
    const inherited = new Set(added.map(([name]) => name).filter((name) => childOf(was, name) !== undefined));
    this.#edits.push(...this.#editorOf(node).addPairs(mapOf(added), inherited));
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
    for (const [index, items] of added) this.#edits.push(...this.#editorOf(node).addItems(index, items));
  }

  #entry(parent: Collection, entry: Entry, value: Value): void {
    if (this.#goInto(entry.value, value)) return;
    if (entry.value !== null) this.#changed.set(entry.value, value);
    const isLater = isAlias(entry.value) || (this.#takesOut && this.#remarkOf(entry) !== undefined);
    if (isLater) return;
    if (this.#takesOut && isLeaf(value)) this.#empty(parent, entry, value);
    else this.#replace(parent, entry, value);
  }

  /** A value that was empty before injection where an alias was; the remark is at the alias. */
  #empty(parent: Collection, entry: Entry, value: Value): void {
    this.#bury(entry);
    const end = parent.flow === true ? entry.end : lineEnd(this.#source.lines, entry.end);
    this.#edits.push({ start: entry.head, end, text: ` ${printScalar(value)}` });
  }

  #replace(parent: Collection, entry: Entry, value: Value): void {
    this.#bury(entry);
    this.#edits.push(this.#editorOf(parent).replace(entry, value, this.#remarkOf(entry)));
  }

  #remove(node: Collection, entries: readonly Entry[], indexes: readonly number[]): void {
    if (indexes.length === 0) return;
    for (const index of indexes) this.#bury(entries[index]);
    this.#edits.push(...this.#editorOf(node).remove(indexes));
  }

  /** Aliases cannot refer to an anchor that was removed. */
  #bury(entry: Entry | undefined): void {
    for (const node of [entry?.key, entry?.value]) {
      if (node) visit(node, { Node: (_, inner) => void this.#gone.add(inner) });
    }
  }

  /** A change at an anchor must not show at its aliases, so these are replaced by their values. */
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

  /** Restores the text of a remark that holds again; else removes the remark. */
  #settle(value: ParsedNode, remark: Remark): void {
    if (this.#gone.has(value)) return;
    if (!this.#recall.isTrueAgain(remark, value)) {
      this.#edits.push(this.#recall.forget(remark, value));
      return;
    }
    const { entry, old, start, end } = remark;
    this.#edits = this.#edits.filter((edit) => !edit || edit.end <= start || edit.start >= end);
    this.#edits.push({ start, end, text: old });
    this.#bury(entry);
  }

  #remarkOf({ value }: Entry): Remark | undefined {
    return value === null ? undefined : this.#remarks.get(value);
  }

  #after(node: ParsedNode | null): Value {
    const changed = node === null ? undefined : this.#changed.get(node);
    return changed === undefined ? this.#reading.valueOf(node) : changed;
  }

  #editorOf(node: Collection): Editor {
    return node.flow === true
      ? new FlowEditor(this.#source, node, this.#json)
      : new BlockEditor(this.#source, node, this.#reading.contents);
  }
}
