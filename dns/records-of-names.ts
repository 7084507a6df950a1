/** So few names are read one by one: listing the zone may take more calls. */
const MOST_BY_NAME = 4;

export interface RecordLists<T> {
  readonly ofName: (name: string) => Promise<readonly T[]>;
  /** Undefined if the zone has more pages. */
  readonly ofZone: (mostPages: number) => Promise<readonly T[] | undefined>;
}

/** The records of `names` in as few calls as possible: one per name, or one per page of the zone. */
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
