import type { DnsProvider, WriteGuard } from './provider.ts';
import type { Change, TextSet } from './records.ts';

/** What one cluster says to others in a zone that several of them write. */
export interface ZoneClaim {
  nameIn(zone: string): string;
  observe(zone: string, found: TextSet | undefined): void;
  /** Throws DnsError where another cluster goes before this one. */
  changes(zone: string, found: TextSet | undefined): readonly Change<'TXT'>[];
  accepted(): void;
}

/** The claim among the TXT records that were read. */
export function claimIn(zone: string, claim: ZoneClaim, texts: readonly TextSet[]): TextSet | undefined {
  const name = claim.nameIn(zone);
  return texts.find((set) => set.name === name);
}

/**
 * By itself and before any other record: whoever reads the zone meanwhile stands by before it sees records that it would
 * change. Throws DnsError.
 */
export async function claimZone(
  zone: string,
  claim: ZoneClaim,
  texts: readonly TextSet[],
  provider: DnsProvider,
  guard: WriteGuard,
): Promise<void> {
  const changes = claim.changes(zone, claimIn(zone, claim, texts));
  if (changes.length === 0) return;
  await provider.apply(zone, changes, guard);
  claim.accepted();
}
