import { plan } from '../plan.ts';
import type { DnsProvider } from '../provider.ts';
import { obstacles } from '../records/obstacles.ts';
import type { Current, RecordSet, RecordType } from '../records.ts';
import type { Ownership } from './ownership.ts';
import { changesByName, type Planned } from './separate.ts';

export interface PlannedZone {
  readonly zone: string;
  readonly provider: Pick<DnsProvider, 'mayHarmTexts' | 'flattensCname'>;
  /** Absent: owners do not matter. */
  readonly ownership?: Ownership | undefined;
  /** The types that sites have. */
  readonly owned: ReadonlySet<RecordType>;
}

/** The changes by name, and the names that cannot be written, with the reason. Pure. */
export function planZone(
  desired: readonly RecordSet[],
  current: Current,
  { zone, provider, ownership, owned }: PlannedZone,
): Planned {
  const { mayHarmTexts = false, flattensCname = false } = provider;
  const plans = (sets: readonly RecordSet[]) => plan(current.sets, sets, owned);
  const names = desired.map(({ name }) => name);
  const blocked = new Map<string, Error>([
    ...(ownership?.unread(names, zone, current) ?? []),
    ...unreadAmong(names, current),
    ...obstacles(desired, current, { zone, flattensCname }),
    ...(ownership?.nameless(desired, zone) ?? []),
    ...(ownership?.refusals(desired, current, plans(desired), mayHarmTexts) ?? []),
  ]);
  const free = desired.filter(({ name }) => !blocked.has(name));
  const changes = plans(free);
  const parts = ownership?.accompany(changes, free, current, mayHarmTexts) ?? changesByName(changes);
  return { blocked, parts };
}

function unreadAmong(names: readonly string[], { unread = new Map() }: Current): ReadonlyMap<string, Error> {
  return new Map([...unread].filter(([name]) => names.includes(name)));
}
