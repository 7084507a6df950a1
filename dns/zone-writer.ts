import type { Clock } from '../runtime/clock.ts';
import { LastShown } from './last-shown.ts';
import { DnsError, type DnsProvider, NOT_SAVED, type WriteGuard } from './provider.ts';
import type { Change, RecordSet, WrittenType } from './records.ts';
import { Refusals } from './refusals.ts';
import { restoreEmptied } from './restore-emptied.ts';
import { type NameChanges, type SendResult, separate } from './separate.ts';
import { SupersededError } from './superseded-error.ts';

export interface ZoneWrite {
  readonly parts: readonly NameChanges[];
  readonly desired: readonly RecordSet[];
  readonly guard: WriteGuard;
  /** What still has to be changed of these names, by a new read. */
  readonly replan: (names: readonly string[]) => Promise<readonly NameChanges[]>;
  readonly onMade: (names: readonly string[]) => void;
  /** A call has failed, and may still arrive. */
  readonly onFailedCall: () => void;
}

/** A name that waits may have been mended meanwhile, which a read shows. */
const LONGEST_PAUSE_MS = 60_000;
/** Without an answer nothing is known of the names. */
const UNANSWERED: ReadonlySet<string> = new Set(['timeout', 'network', 'bad-answer', NOT_SAVED]);
/** The same answer so often in a row is more than a bad moment: it may be about one of the names. */
const BAD_MOMENTS = 3;

/** Writes the records of one zone so that a name that is refused keeps no other one from being written. */
export class ZoneWriter {
  readonly #zone: string;
  readonly #provider: DnsProvider;
  readonly #clock: Clock;
  readonly #refusals = new Refusals();
  readonly #lastShown = new LastShown();
  #failed = { code: '', times: 0 };

  constructor(zone: string, provider: DnsProvider, clock: Clock) {
    this.#zone = zone;
    this.#provider = provider;
    this.#clock = clock;
  }

  noteShown(sets: readonly RecordSet[]): void {
    this.#lastShown.note(sets);
  }

  /** Why names were not written. Rejects when nothing more is to be written. */
  async write(write: ZoneWrite): Promise<ReadonlyMap<string, unknown>> {
    const { held, suspects, others } = this.#refusals.sort(write.parts, this.#clock.elapsed());
    const failures = new Map<string, unknown>(held);
    const obstacle = await this.#separate(others, write, failures);
    if (obstacle === undefined) await this.#separate(suspects, write, failures);
    else for (const { name } of suspects) failures.set(name, obstacle);
    return failures;
  }

  /** Resolves with what keeps all names from being written, if there is something. */
  async #separate(
    parts: readonly NameChanges[],
    write: ZoneWrite,
    failures: Map<string, unknown>,
  ): Promise<unknown> {
    if (parts.length === 0) return undefined;
    const { refused, undecided } = await separate(parts, {
      send: (some) => this.#send(some, write),
      isAboutNames: (error) => this.#isAboutNames(error),
    });
    for (const part of parts) this.#note(part, refused.get(part.name), undecided.has(part.name));
    for (const [name, error] of [...undecided, ...refused]) failures.set(name, error);
    const obstacle = [...undecided.values()].find((error) => !isOfNames(error));
    this.#noteUnexplained(obstacle);
    return obstacle;
  }

  /** Milliseconds until there may be something new about names that failed so. */
  pause(failures: ReadonlyMap<string, unknown>): number {
    const now = this.#clock.elapsed();
    const waits = [...failures].map(([name, error]) => {
      if (!(error instanceof DnsError)) return 0;
      // Another program has written: only a new read tells what.
      if (error.kind === 'conflict') return error.retryAfterMs ?? 0;
      const wait = this.#refusals.waitOf(name, now);
      return wait === undefined ? (error.retryAfterMs ?? 0) : Math.min(LONGEST_PAUSE_MS, wait);
    });
    return Math.min(...waits);
  }

  #note(part: NameChanges, refused: DnsError | undefined, isUndecided: boolean): void {
    if (refused !== undefined) this.#refusals.note(part, refused, this.#clock.elapsed());
    else if (!isUndecided) this.#refusals.forget(part.name);
  }

  async #send(parts: readonly NameChanges[], write: ZoneWrite): Promise<SendResult> {
    const { guard, onMade, onFailedCall, replan } = write;
    guard.assertMayWrite();
    const made = new Set<Change<WrittenType>>();
    const onAccepted = (changes: readonly Change<WrittenType>[]) => {
      for (const change of changes) made.add(change);
    };
    const changes = parts.flatMap((part) => part.changes);
    try {
      await this.#provider.apply(this.#zone, changes, { ...guard, onAccepted });
      onMade(parts.map(({ name }) => name));
      return { left: [] };
    } catch (failure) {
      if (isTheEnd(failure, guard)) throw failure;
      onFailedCall();
      const error = await this.#restoreEmptied(failure, parts, write);
      const unmade = parts
        .map((part) => ({ ...part, changes: part.changes.filter((change) => !made.has(change)) }))
        .filter((part) => part.changes.length > 0);
      const mustRead = this.#provider.appliesInPart === true && error instanceof DnsError && isOfNames(error);
      const left = mustRead ? await replan(unmade.map(({ name }) => name)) : unmade;
      const names = new Set(left.map(({ name }) => name));
      onMade(parts.map(({ name }) => name).filter((name) => !names.has(name) && !namedBy(error, name)));
      return { left, error };
    }
  }

  #restoreEmptied(
    error: unknown,
    parts: readonly NameChanges[],
    { guard, desired }: ZoneWrite,
  ): Promise<unknown> {
    const isRefused = isOfNames(error) && !isNotSaved(error) && this.#provider.appliesInPart !== true;
    // Of a call that was refused as a whole nothing was made; to make sure, those that are not sent again are looked at.
    const isCulprit = ({ name }: NameChanges) => parts.length === 1 || namedBy(error, name);
    const changes = parts.filter((part) => !isRefused || isCulprit(part)).flatMap((part) => part.changes);
    return restoreEmptied(error, {
      provider: this.#provider,
      zone: this.#zone,
      changes,
      desired,
      lastShown: this.#lastShown,
      guard,
    });
  }

  #isAboutNames(error: DnsError): boolean {
    if (error.scope === 'names') return true;
    // Others make all of a call or nothing: a search would only put the names of one site beside those of another.
    const isLasting = this.#failed.code === error.code && this.#failed.times >= BAD_MOMENTS;
    return this.#provider.appliesInPart === true && isLasting && isUnexplained(error);
  }

  #noteUnexplained(error: unknown): void {
    if (error instanceof DnsError && isUnexplained(error)) {
      const times = this.#failed.code === error.code ? this.#failed.times + 1 : 1;
      this.#failed = { code: error.code, times };
    } else this.#failed = { code: '', times: 0 };
  }
}

function isTheEnd(error: unknown, { abort }: WriteGuard): boolean {
  return error instanceof SupersededError || abort.aborted;
}

function isOfNames(error: unknown): boolean {
  return error instanceof DnsError && error.scope === 'names';
}

/** It was answered, and the answer does not say what is wrong. */
function isUnexplained({ kind, code, scope }: DnsError): boolean {
  return kind === 'retry' && scope === 'zone' && !UNANSWERED.has(code);
}

function isNotSaved(error: unknown): boolean {
  return error instanceof DnsError && error.code === NOT_SAVED;
}

function namedBy(error: unknown, name: string): boolean {
  return error instanceof DnsError && (error.names?.includes(name) ?? false);
}
