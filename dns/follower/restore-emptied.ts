import { explain } from '../../runtime/explain.ts';
import { namesOf, subjectOf } from '../planned.ts';
import { DnsError } from '../provider.ts';
import { joinedErrors } from '../records/name-errors.ts';
import type { Change, Current, RecordSet, WrittenType } from '../records.ts';
import type { LastShown } from './last-shown.ts';
import { type Destination, restoreNames } from './send-changes.ts';
import type { NameChanges, Planned, PlanSets } from './separate.ts';

const NOTHING: Planned = { parts: [], blocked: new Map() };
/** Another attempt would empty the name again for a moment. */
const RETRY_AFTER_MS = 60_000;

export interface FailedWrite extends Destination {
  readonly changes: readonly Change<WrittenType>[];
  readonly desired: readonly RecordSet[];
  readonly lastShown: LastShown;
  /** As they are now. */
  readonly read: (names: readonly string[]) => Promise<Current>;
  readonly plan: PlanSets;
}

/**
 * A write that failed, whatever the answer, may have left a name without any record: then its last records are put back.
 * Resolves with the error to report. Rejects when nothing more may be written.
 */
export async function restoreEmptied(error: unknown, write: FailedWrite): Promise<unknown> {
  const { parts, blocked } = await planLost(write).catch((failure: unknown) => {
    if (!(failure instanceof DnsError)) throw failure;
    return NOTHING; // The zone cannot be read; the next attempt will see whether the name is empty.
  });
  if (parts.length === 0 && blocked.size === 0) return error;
  const failures = new Map([...blocked, ...(await restoreNames(parts, write))]);
  const restored = restoredNames(parts, failures);
  write.lastShown.release(restored);
  const told = [
    explain(error),
    ...(restored.length > 0 ? [`${restored.join(', ')} has again what it had before`] : []),
    ...(failures.size > 0 ? [notPutBack([...failures.keys()], joinedErrors(failures.values()))] : []),
  ];
  return reworded(error, told.join('; '), failures.size > 0 ? 0 : RETRY_AFTER_MS);
}

/** Puts back the records of names that an earlier write left empty and that are not written now. Resolves with their errors. */
export async function restoreStuck(
  errors: ReadonlyMap<string, unknown>,
  parts: readonly NameChanges[],
  write: Pick<FailedWrite, 'lastShown'> & Destination,
): Promise<ReadonlyMap<string, unknown>> {
  const failures = await restoreNames(parts, write);
  write.lastShown.release(restoredNames(parts, failures));
  return new Map(
    parts.map(({ name }) => {
      const failure = failures.get(name);
      const became =
        failure === undefined ? `now ${name} has again what it had before` : notPutBack([name], failure);
      const error = errors.get(name);
      return [name, reworded(error, `${explain(error)}; ${became}`, 0)];
    }),
  );
}

function restoredNames(
  parts: readonly NameChanges[],
  failures: ReadonlyMap<string, unknown>,
): readonly string[] {
  return parts.map(({ name }) => name).filter((name) => !failures.has(name));
}

function notPutBack(names: readonly string[], failure: unknown): string {
  return `what ${names.join(', ')} had before could not be put back: ${explain(failure)}`;
}

/** How the names of the write that have no record any more get their last ones. */
async function planLost({ changes, desired, lastShown, read, plan }: FailedWrite): Promise<Planned> {
  const names = namesOf(changes.filter((change) => subjectOf(change).type !== 'TXT'));
  const had = new Map(names.map((name) => [name, lastShown.of(name, desired)]));
  const known = names.filter((name) => had.get(name)?.length !== 0);
  if (known.length === 0) return NOTHING;
  const current = await read(known);
  const { sets, unread } = current;
  lastShown.release(sets.map(({ name }) => name));
  const lost = known.filter((name) => !sets.some((set) => set.name === name) && unread?.has(name) !== true);
  return plan(
    lost.flatMap((name) => had.get(name) ?? []),
    current,
  );
}

function reworded(error: unknown, message: string, leastWaitMs: number): DnsError {
  const known = error instanceof DnsError ? error : unexpected(error);
  const wait = Math.max(leastWaitMs, known.retryAfterMs ?? 0);
  return known.with({
    message,
    cause: error,
    ...(wait > 0 && { retryAfterMs: wait }),
    ...(leastWaitMs > 0 && { leastWaitMs: Math.max(leastWaitMs, known.leastWaitMs ?? 0) }),
    ...(known.each.length > 1 && { each: known.each.map((own) => reworded(own, own.message, leastWaitMs)) }),
  });
}

function unexpected(error: unknown): DnsError {
  return new DnsError(explain(error), { kind: 'retry', action: 'It is tried again.' });
}
