import { DnsError, type DnsProvider, type WriteGuard } from '../provider.ts';
import type { Change, WrittenType } from '../records.ts';
import { type NameChanges, type SendResult, separate } from './separate.ts';

export interface Destination {
  readonly provider: DnsProvider;
  readonly zone: string;
  readonly guard: WriteGuard;
}

/** In one call of the provider. */
export async function sendChanges(
  parts: readonly NameChanges[],
  { provider, zone, guard }: Destination,
): Promise<SendResult> {
  const made = new Set<Change<WrittenType>>();
  const onAccepted = (changes: readonly Change<WrittenType>[]) => {
    for (const change of changes) made.add(change);
  };
  const changes = parts.flatMap((part) => part.changes);
  try {
    await provider.apply(zone, changes, { ...guard, onAccepted });
    return { left: [] };
  } catch (error) {
    const left = parts
      .map((part) => ({ ...part, changes: part.changes.filter((change) => !made.has(change)) }))
      .filter((part) => part.changes.length > 0);
    return { left, error };
  }
}

/** Puts back what names had. Resolves with the errors by name. Rejects when nothing more may be written. */
export async function restoreNames(
  parts: readonly NameChanges[],
  destination: Destination,
): Promise<ReadonlyMap<string, unknown>> {
  const { refused, undecided } = await separate(parts, {
    send: async (some) => {
      const result = await sendChanges(some, destination);
      if (result.error !== undefined && !(result.error instanceof DnsError)) throw result.error;
      return result;
    },
    isAboutNames: ({ scope }) => scope === 'names',
  });
  return new Map<string, unknown>([...undecided, ...refused]);
}
