import type { DnsProvider, WriteGuard } from '../provider.ts';
import type { Change, Current, TextSet } from '../records.ts';

/** What one cluster says to others in a zone that several of them write. */
export interface ZoneClaim {
  nameIn(zone: string): string;
  /** Throws SupersededError when this cluster stands by meanwhile. */
  assertIsPrimary(): void;
  observe(zone: string, found: TextSet | undefined): void;
  /** Throws DnsError where another cluster goes before this one. */
  changes(zone: string, found: TextSet | undefined): readonly Change<'TXT'>[];
  /** It has what `changes` wanted. */
  noteMade(zone: string, made: TextSet | undefined): void;
}

/** The claim among the TXT records that were read. Throws DnsError where it could not be read. */
export function claimIn(
  zone: string,
  claim: ZoneClaim,
  { texts = [], unread }: Current,
): TextSet | undefined {
  const name = claim.nameIn(zone);
  const error = unread?.get(name);
  if (error !== undefined) throw error;
  return texts.find((set) => set.name === name);
}

/** After each read, also one that follows a failed write: another cluster may have the zone by then, and the next read may fail. */
export function noteClaim(zone: string, claim: ZoneClaim | undefined, current: Current): void {
  if (claim === undefined || current.unread?.has(claim.nameIn(zone)) === true) return;
  claim.observe(zone, claimIn(zone, claim, current));
}

/**
 * By itself and before any other record: whoever reads the zone meanwhile stands by before it sees records that it would
 * change. Resolves with the claim as the zone has it then. Throws DnsError.
 */
export async function claimZone(
  zone: string,
  claim: ZoneClaim,
  current: Current,
  provider: DnsProvider,
  guard: WriteGuard,
): Promise<TextSet | undefined> {
  const found = claimIn(zone, claim, current);
  const changes = claim.changes(zone, found);
  if (changes.length > 0) await provider.apply(zone, changes, guard);
  const [made = found] = changes.flatMap((change) => ('desired' in change ? [change.desired] : []));
  claim.noteMade(zone, made);
  return made;
}
