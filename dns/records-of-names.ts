/** With more names the whole zone is listed: its pages are fewer calls, as long as nobody knows how many there are. */
const MOST_BY_NAME = 4;

/** The records of `names`, by as few calls as may be. `list` gives those of one name, or of the zone, which has `pages`. */
export async function recordsOfNames<T>(
  names: ReadonlySet<string>,
  nameOf: (record: T) => string,
  list: (name: string | undefined) => Promise<readonly T[]>,
  pages = 0,
): Promise<readonly T[]> {
  if (names.size > Math.max(MOST_BY_NAME, pages))
    return (await list(undefined)).filter((record) => names.has(nameOf(record)));
  const records: T[] = [];
  for (const name of names) records.push(...(await list(name)));
  return records;
}
