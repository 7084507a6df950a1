import { explain } from '../runtime/explain.ts';
import type { LastShown } from './last-shown.ts';
import { subjectOf } from './planned.ts';
import { DnsError, type DnsProvider, type WriteGuard } from './provider.ts';
import type { Change, RecordSet, WrittenType } from './records.ts';

/** The same attempt would empty the name again, be it for a moment. */
const RETRY_AFTER_MS = 60_000;

export interface FailedWrite {
  readonly provider: DnsProvider;
  readonly zone: string;
  readonly changes: readonly Change<WrittenType>[];
  readonly desired: readonly RecordSet[];
  readonly lastShown: LastShown;
  readonly guard: WriteGuard;
}

/**
 * A write that failed, whatever the answer, may have left a name without any record: then it gets back what it had last.
 * Resolves with the error to go on with. Rejects when nothing more is to be written.
 */
export async function restoreEmptied(error: unknown, write: FailedWrite): Promise<unknown> {
  const { provider, zone, guard } = write;
  const lost = await lostSets(write).catch((failure: unknown) => {
    if (!(failure instanceof DnsError)) throw failure;
    return []; // Nothing can be said of the zone; the next attempt finds the name empty, and fails or not.
  });
  if (lost.length === 0) return error;
  const names = [...new Set(lost.map(({ name }) => name))];
  try {
    const creations = lost.map((desired): Change => ({ action: 'create', desired }));
    await provider.apply(zone, creations, guard);
  } catch (failure) {
    if (!(failure instanceof DnsError)) throw failure;
    const text = `${explain(error)}; what ${names.join(', ')} had before could not be put back: ${explain(failure)}`;
    return reworded(error, text, 0);
  }
  return reworded(
    error,
    `${explain(error)}; ${names.join(', ')} has again what it had before`,
    RETRY_AFTER_MS,
  );
}

/** What the names of the write had, and have not any more. */
async function lostSets({ provider, zone, changes, desired, lastShown, guard }: FailedWrite) {
  const followed = changes.map(subjectOf).filter(({ type }) => type !== 'TXT');
  const names = [...new Set(followed.map(({ name }) => name))];
  const had = new Map(names.map((name) => [name, lastShown.of(name, desired)]));
  const known = names.filter((name) => had.get(name)?.length !== 0);
  if (known.length === 0) return [];
  const { sets } = await provider.read({ zone, names: known, abort: guard.abort });
  return known
    .filter((name) => !sets.some((set) => set.name === name))
    .flatMap((name) => had.get(name) ?? []);
}

function reworded(error: unknown, message: string, leastWaitMs: number): DnsError {
  const known = error instanceof DnsError ? error : unexpected(error);
  const wait = Math.max(leastWaitMs, known.retryAfterMs ?? 0);
  return known.with({
    message,
    cause: error,
    ...(wait > 0 && { retryAfterMs: wait }),
    ...(known.each.length > 1 && { each: known.each.map((own) => reworded(own, own.message, leastWaitMs)) }),
  });
}

function unexpected(error: unknown): DnsError {
  return new DnsError(explain(error), { kind: 'retry', action: 'It is tried again.' });
}
