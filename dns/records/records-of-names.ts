/** Of so few names the zone is listed only if it is one page: a part of a large zone would be in vain, and more to read. */
const FEW_NAMES = 4;

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
  const mostPages = names.size > FEW_NAMES ? names.size : 1;
  const all = names.size > 1 ? await ofZone(mostPages) : undefined;
  if (all !== undefined) return all.filter((record) => names.has(nameOf(record)));
  const records: T[] = [];
  for (const name of names) records.push(...(await ofName(name)));
  return records;
}
