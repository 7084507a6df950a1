import type { ParsedNode, YAMLMap } from 'yaml';
import type { Edit } from './edit.ts';
import { anchored, mergedNodes } from './former.ts';
import { columnOf } from './layout.ts';
import { printScalar } from './print.ts';
import { isMergeKey, type Reading } from './read.ts';
import { commentsIn, formerOf, type Remark } from './remark.ts';
import type { Source } from './source.ts';
import { childOf, isLeaf, isSame, type Value, type ValueMap } from './value.ts';

/** Whether the remarks in a document hold again when injection is undone. */
export class Recall {
  readonly #source: Source;
  readonly #reading: Reading;
  readonly #after: (node: ParsedNode | null) => Value;

  /** `after` gives the new value of a node. */
  constructor(source: Source, reading: Reading, after: (node: ParsedNode | null) => Value) {
    this.#source = source;
    this.#reading = reading;
    this.#after = after;
  }

  isTrueAgain(remark: Remark, value: ParsedNode): boolean {
    const former = formerOf(remark);
    const after = this.#after(value);
    if (former.kind === 'inherited') return false;
    if (former.kind === 'value') return isSame(former.value, after);
    const target = anchored(this.#reading, former.name, remark.entry.start);
    return target !== undefined && isSame(this.#after(target), after);
  }

  /** Whether a pair that was inherited before injection has the value again that the map has without it. */
  isInheritedAgain(remark: Remark, map: YAMLMap.Parsed, wanted: ValueMap): boolean {
    if (formerOf(remark).kind !== 'inherited') return false;
    const name = this.#reading.nameOf(remark.entry.key) ?? '';
    const said = map.items
      .filter(({ value }) => value !== remark.entry.value)
      .flatMap(({ key, value }) => {
        if (!isMergeKey(key)) return this.#reading.nameOf(key) === name ? [this.#after(value)] : [];
        return mergedNodes(this.#reading, value).map((merged) => childOf(this.#after(merged), name));
      });
    const inherited = said.findLast((one) => one !== undefined);
    return isSame(inherited, childOf(wanted, name));
  }

  /** Removes a remark that does not hold any more. */
  forget({ parent, entry, old, from, until, end }: Remark, value: ParsedNode): Edit {
    const isItem = parent.flow === true && entry.key === null;
    const below = this.#source.newline + ' '.repeat(columnOf(this.#source.lines, entry.start) + 2);
    const comments = commentsIn(old).join(below);
    const after = this.#after(value);
    if (!isLeaf(after) || isSame(after, this.#reading.valueOf(value))) {
      return { start: from, end: until, text: isItem ? (/^[ \t]*/.exec(old)?.[0] ?? '') : comments };
    }
    const text = ` ${printScalar(after)}${comments}`;
    return { start: from, end, text: parent.flow === true && comments !== '' ? text + below : text };
  }
}
