/** So few are read one by one: a list of the zone may be longer. */
const MOST_BY_NAME = 4;

export interface RecordLists<T> {
  readonly ofName: (name: string) => Promise<readonly T[]>;
  /** Undefined when the zone has more pages than that: then no page more is asked for. */
  readonly ofZone: (mostPages: number) => Promise<readonly T[] | undefined>;
}

/** The records of `names`, by as few calls as may be: those of the names, or the pages of the zone. */
export async function recordsOfNames<T>(
  names: ReadonlySet<string>,
  nameOf: (record: T) => string,
  { ofName, ofZone }: RecordLists<T>,
): Promise<readonly T[]> {
  const all = names.size > MOST_BY_NAME ? await ofZone(names.size) : undefined;
  if (all !== undefined) return all.filter((record) => names.has(nameOf(record)));
  const records: T[] = [];
  for (const name of names) records.push(...(await ofName(name)));
  return records;
}
