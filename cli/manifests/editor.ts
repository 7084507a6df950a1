import type { Edit } from './edit.ts';
import type { Entry } from './layout.ts';
import type { Remark } from './remark.ts';
import type { Value, ValueMap } from './value.ts';

/** Edits of one map or list. An edit is undefined where the text allows none. */
export interface Editor {
  /** `inherited`: the names that a merged map has with other values. */
  addPairs(pairs: ValueMap, inherited: ReadonlySet<string>): readonly (Edit | undefined)[];
  /** Adds items before the one at `index`, or behind the last. */
  addItems(index: number, items: readonly Value[]): readonly (Edit | undefined)[];
  remove(indexes: readonly number[]): readonly (Edit | undefined)[];
  /** Replaces the value of a pair or an item, and adds a remark with the value before injection. */
  replace(entry: Entry, value: Value, remark: Remark | undefined): Edit;
}
