/** Those with the same key, of which there are most, in their order; of equally many those that came first. */
export function largestGroup<T>(items: Iterable<T>, keyOf: (item: T) => unknown): readonly T[] {
  return [...Map.groupBy(items, keyOf).values()].reduce(
    (most, group) => (group.length > most.length ? group : most),
    [],
  );
}
