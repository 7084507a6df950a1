import { FairQueue } from '../../runtime/fair-queue.ts';
import { dim, type Line } from './line.ts';

/** At most `most` of the items, in their order: some of each owner, so that one who has many hides those of nobody else. */
export function shownOf<T>(items: readonly T[], most: number, ownerOf: (item: T) => string): readonly T[] {
  if (items.length <= most) return items;
  const queue = new FairQueue<T>();
  for (const item of items) queue.add(ownerOf(item), item);
  const shown = new Set(Array.from({ length: most }, () => queue.next()));
  return items.filter((item) => shown.has(item));
}

/** A line for those that are not shown. */
export function others(more: number): readonly Line[] {
  return more > 0 ? [[dim(`and ${more} more; -o json shows all`)]] : [];
}
