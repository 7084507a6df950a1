import type { Leadership } from '../../kubernetes/leadership.ts';
import type { Clock, Random } from '../../runtime/clock.ts';
import { retryWait } from '../calls/retry-wait.ts';
import { packed, subjectOf } from '../planned.ts';
import { DnsError, type DnsProvider, NOT_SAVED, type WriteGuard } from '../provider.ts';
import type { Current, RecordSet } from '../records.ts';
import { type KeptSets, NOT_KEPT } from './kept-sets.ts';
import { LastShown } from './last-shown.ts';
import { Refusals } from './refusals.ts';
import { restoreEmptied, restoreStuck } from './restore-emptied.ts';
import { sendChanges } from './send-changes.ts';
import { type NameChanges, type Planned, type PlanSets, type SendResult, separate } from './separate.ts';
import { SupersededError } from './superseded-error.ts';

export interface ZoneWrite {
  readonly parts: readonly NameChanges[];
  /** Other names, with the reason why they cannot be written. */
  readonly blocked: ReadonlyMap<string, unknown>;
  readonly desired: readonly RecordSet[];
  /** By which `parts` were planned. */
  readonly current: Current;
  readonly leadership: Leadership;
  readonly guard: WriteGuard;
  /** As they are now. */
  readonly read: (names: readonly string[]) => Promise<Current>;
  readonly plan: PlanSets;
  readonly onMade: (names: readonly string[]) => void;
  /** A call has failed, but may still arrive. */
  readonly onFailedCall: () => void;
}

const NONE: ReadonlyMap<string, unknown> = new Map();
/** A name that waits may have been mended meanwhile, which a read shows. */
const LONGEST_PAUSE_MS = 60_000;
/** For a name that may be without a record. */
const EMPTY_PAUSE_MS = 2_000;
/** These say nothing about the names. */
const UNANSWERED: ReadonlySet<string> = new Set(['timeout', 'network', 'bad-answer', NOT_SAVED, NOT_KEPT]);
/** The same error so often in a row is not transient: one of the names may cause it. */
const BAD_MOMENTS = 3;
/** Stored for the next leader during one write. */
const MOST_KEPT_BYTES = 30_000;

export interface ZoneWriterPorts {
  readonly provider: DnsProvider;
  readonly clock: Clock;
  readonly random: Random;
  readonly kept: KeptSets;
}

/** Writes the records of one zone, so that a refused name does not keep others from being written. */
export class ZoneWriter {
  readonly #zone: string;
  readonly #provider: DnsProvider;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #refusals: Refusals;
  readonly #lastShown: LastShown;
  #failed = { code: '', times: 0 };

  constructor(zone: string, { provider, clock, random, kept }: ZoneWriterPorts) {
    this.#zone = zone;
    this.#provider = provider;
    this.#clock = clock;
    this.#random = random;
    this.#refusals = new Refusals(random);
    this.#lastShown = new LastShown(kept);
  }

  /** After a read of `names`. */
  noteShown(names: readonly string[], sets: readonly RecordSet[]): void {
    this.#lastShown.note(names, sets);
  }

  /** Resolves with the errors by name. Rejects when nothing more may be written. */
  async write(write: ZoneWrite): Promise<ReadonlyMap<string, unknown>> {
    const { held, suspects, others } = this.#refusals.sort(write.parts, this.#clock.elapsed());
    const waiting = new Map<string, unknown>([...held, ...write.blocked]);
    const failures = new Map<string, unknown>(waiting);
    let obstacle: unknown;
    for (const some of [...this.#packed(others), ...this.#packed(suspects)]) {
      if (obstacle === undefined) obstacle = await this.#separate(some, write, failures);
      else for (const { name } of some) failures.set(name, obstacle);
    }
    if (obstacle === undefined) await this.#restoreStuck(waiting, write, failures);
    return failures;
  }

  /** Limits what has to be stored for the next leader at a time. */
  #packed(parts: readonly NameChanges[]): readonly (readonly NameChanges[])[] {
    return packed(parts, MOST_KEPT_BYTES, (part) =>
      this.#mayEmpty(part) ? this.#lastShown.bytesOf(part.name) : 0,
    );
  }

  /** Whether the name may end up without a record if the write is interrupted, or its answer is wrong. */
  #mayEmpty({ name, changes }: NameChanges): boolean {
    const own = changes.filter((change) => subjectOf(change).name === name);
    return own.some(
      ({ action }) => action === 'delete' || (action === 'update' && this.#provider.appliesInPart === true),
    );
  }

  async #restoreStuck(
    waiting: ReadonlyMap<string, unknown>,
    { desired, current, plan, guard }: ZoneWrite,
    failures: Map<string, unknown>,
  ): Promise<void> {
    const { parts } = plan(this.#lastShown.lost([...waiting.keys()], desired), current);
    if (parts.length === 0) return;
    const write = { provider: this.#provider, zone: this.#zone, guard, lastShown: this.#lastShown };
    for (const [name, error] of await restoreStuck(waiting, parts, write)) failures.set(name, error);
  }

  /** Resolves with the error that keeps all names from being written, if any. */
  async #separate(
    parts: readonly NameChanges[],
    write: ZoneWrite,
    failures: Map<string, unknown>,
  ): Promise<unknown> {
    if (parts.length === 0) return undefined;
    const { refused, undecided } = await separate(parts, {
      send: (some) => this.#send(some, write, failures),
      isAboutNames: (error) => this.#isAboutNames(error),
    });
    for (const part of parts) this.#note(part, refused.get(part.name), undecided.has(part.name));
    for (const [name, error] of [...undecided, ...refused]) failures.set(name, error);
    const obstacle = [...undecided.values()].find((error) => !isOfNames(error));
    this.#noteUnexplained(obstacle);
    return obstacle;
  }

  /** Milliseconds until the next attempt for names that failed, after so many for the same goal that a person has to mend. */
  pause(failures: ReadonlyMap<string, unknown>, attempts: number): number {
    const now = this.#clock.elapsed();
    const waitFor = new Map(
      [...new Set(failures.values())].flatMap((error) =>
        error instanceof DnsError ? [[error, retryWait(error, attempts, this.#random)] as const] : [],
      ),
    );
    const waits = [...failures].map(([name, error]) => {
      if (!(error instanceof DnsError)) return 0;
      // Another program has written: read again at once.
      if (error.kind === 'conflict') return error.retryAfterMs ?? 0;
      const most = error.kind !== 'rate' && this.#lastShown.isKept(name) ? EMPTY_PAUSE_MS : Infinity;
      const wait = this.#refusals.waitOf(name, now);
      return Math.min(
        most,
        wait === undefined ? (waitFor.get(error) ?? 0) : Math.min(LONGEST_PAUSE_MS, wait),
      );
    });
    return Math.min(...waits);
  }

  #note(part: NameChanges, refused: DnsError | undefined, isUndecided: boolean): void {
    if (refused !== undefined) this.#refusals.note(part, refused, this.#clock.elapsed());
    else if (!isUndecided) this.#refusals.forget(part.name);
  }

  /** What it finds that cannot be written any more comes into `failures`. */
  async #send(
    parts: readonly NameChanges[],
    write: ZoneWrite,
    failures: Map<string, unknown>,
  ): Promise<SendResult> {
    const { guard, desired, leadership, onMade, onFailedCall } = write;
    guard.assertMayWrite();
    const names = parts.map(({ name }) => name);
    const emptied = parts.filter((part) => this.#mayEmpty(part)).map(({ name }) => name);
    try {
      await this.#lastShown.keep(emptied, desired, leadership);
    } catch (error) {
      if (isTheEnd(error, guard)) throw error;
      return { left: parts, error };
    }
    const destination = { provider: this.#provider, zone: this.#zone, guard };
    const { left: unmade, error: failure } = await sendChanges(parts, destination);
    if (failure === undefined) {
      this.#lastShown.release(emptied);
      onMade(names);
      return { left: [] };
    }
    if (isTheEnd(failure, guard)) throw failure;
    onFailedCall();
    const error = await this.#restoreEmptied(failure, parts, write);
    const mustRead = this.#provider.appliesInPart === true && error instanceof DnsError && isOfNames(error);
    const { parts: left, blocked } = mustRead
      ? await replan(unmade, write)
      : { parts: unmade, blocked: NONE };
    for (const [name, reason] of blocked) failures.set(name, reason);
    const leftNames = new Set([...left.map(({ name }) => name), ...blocked.keys()]);
    onMade(names.filter((name) => !leftNames.has(name) && !namedBy(error, name)));
    return { left, error };
  }

  #restoreEmptied(
    error: unknown,
    parts: readonly NameChanges[],
    { guard, desired, read, plan }: ZoneWrite,
  ): Promise<unknown> {
    const isRefused = isOfNames(error) && !isNotSaved(error) && this.#provider.appliesInPart !== true;
    // Nothing was made of a call that was refused as a whole; only names that are not sent again are verified.
    const isCulprit = ({ name }: NameChanges) => parts.length === 1 || namedBy(error, name);
    const changes = parts.filter((part) => !isRefused || isCulprit(part)).flatMap((part) => part.changes);
    return restoreEmptied(error, {
      provider: this.#provider,
      zone: this.#zone,
      changes,
      desired,
      lastShown: this.#lastShown,
      guard,
      read,
      plan,
    });
  }

  #isAboutNames(error: DnsError): boolean {
    if (error.scope === 'names') return true;
    // The others make all of a call or nothing: a search would only move some names before the rest.
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

/** Reads the names of `parts` again, and plans what is left to change. */
async function replan(parts: readonly NameChanges[], { desired, read, plan }: ZoneWrite): Promise<Planned> {
  const names = new Set(parts.map(({ name }) => name));
  return plan(
    desired.filter(({ name }) => names.has(name)),
    await read([...names]),
  );
}

function isTheEnd(error: unknown, { abort }: WriteGuard): boolean {
  return error instanceof SupersededError || abort.aborted;
}

function isOfNames(error: unknown): boolean {
  return error instanceof DnsError && error.scope === 'names';
}

/** There was an answer, but without a reason. */
function isUnexplained({ kind, code, scope }: DnsError): boolean {
  return kind === 'retry' && scope === 'zone' && !UNANSWERED.has(code);
}

function isNotSaved(error: unknown): boolean {
  return error instanceof DnsError && error.code === NOT_SAVED;
}

function namedBy(error: unknown, name: string): boolean {
  return error instanceof DnsError && (error.names?.includes(name) ?? false);
}
