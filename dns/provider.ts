import { cut } from '../kubernetes/cut.ts';
import type { AuthoritativeLookup, RecordQuery, ServerAnswer } from './authoritative.ts';
import type { Change, Current, WrittenType, ZoneQuery } from './records.ts';

export interface WriteGuard {
  readonly abort: AbortSignal;
  /**
   * Aborts with the reason as soon as these changes are no longer what is desired. For what is waited for before a write: a
   * write that is under way is not cut short. Absent: `abort`.
   */
  readonly superseded?: AbortSignal;
  /** Throws when this replica may not write any more. Called right before each write. */
  assertMayWrite(): void;
  /** To be called with the changes of each call that the provider has accepted, when the whole takes several. */
  onAccepted?(changes: readonly Change<WrittenType>[]): void;
}

/**
 * One DNS provider: one file or folder and one row in registry.ts. Zone-safe: whatever is not in `changes` is as it
 * was afterwards, byte for byte. Calls for one zone are never made side by side by the caller.
 */
export interface DnsProvider {
  readonly name: string;
  /** Milliseconds between two reads that look for drift; a rate limit may make it long. */
  readonly driftMs: number;
  /** A call that was refused may have made some of its changes: they are read again before the rest is sent. */
  readonly appliesInPart?: boolean;
  /** A CNAME may stand at the top of a zone and beside other types: it is answered with the addresses of its target. */
  readonly flattensCname?: boolean;
  /** Texts of others may come back otherwise from a write of their set: one that holds some is not written. */
  readonly mayHarmTexts?: boolean;
  /**
   * Which zones the provider has of `zone` and those below it, as far as `names` may be in them. Throws DnsError. Absent: it
   * cannot tell, or it does not matter there.
   */
  zonesWithin?(zone: string, names: readonly string[], abort: AbortSignal): Promise<readonly string[]>;
  /** What stands at the names, and the TXT records that are asked for where they show. Throws DnsError. */
  read(query: ZoneQuery): Promise<Current>;
  /**
   * Resolves when the provider has accepted `changes` and, where it can be read back, shows them. No name is without a record
   * meanwhile: all changes of one name are made at once, or none. TXT records come only where
   * the provider’s traits say that it keeps them. Throws DnsError.
   */
  apply(zone: string, changes: readonly Change<WrittenType>[], guard: WriteGuard): Promise<void>;
  /**
   * How far an accepted record has come, where the provider knows more than the name servers that `ask` asks. As
   * AuthoritativeLookup. Absent: `ask` alone.
   */
  lookup?(query: RecordQuery, ask: AuthoritativeLookup): Promise<readonly ServerAnswer[]>;
}

/**
 * retry: the same call may work later (time-out, 5xx, upstream). rate: so, but only after `retryAfterMs`.
 * config: a person has to change something (key, address list, permissions). refused: the zone's state makes a write
 * unsafe; a person has to see why. conflict: somebody else wrote at the same time.
 */
export type DnsErrorKind = 'retry' | 'rate' | 'config' | 'refused' | 'conflict';

/** zone: no change of the zone can be made. names: it is about some changes of the call, and others can be made without them. */
export type DnsErrorScope = 'zone' | 'names';

/** Unless an error says otherwise. */
const SCOPES: Readonly<Record<DnsErrorKind, DnsErrorScope>> = {
  retry: 'zone',
  rate: 'zone',
  conflict: 'names',
  config: 'zone',
  refused: 'names',
};

/** The code of an error that says: accepted, and not there when it was read back. */
export const NOT_SAVED = 'not-saved';

const NEEDS_A_HUMAN: Readonly<Record<DnsErrorKind, boolean>> = {
  retry: false,
  rate: false,
  conflict: false,
  config: true,
  refused: true,
};

/** Whether an error of this kind stays until somebody changes something. */
export function needsHuman(kind: string): boolean {
  return Object.entries(NEEDS_A_HUMAN).some(([each, needs]) => each === kind && needs);
}

export interface DnsErrorDetails {
  readonly kind: DnsErrorKind;
  /** What the person who reads this should do; one sentence. */
  readonly action: string;
  /** The provider's own code, e.g. `1011150`; empty when it gave none. */
  readonly code?: string;
  readonly retryAfterMs?: number | undefined;
  /** The names that it is about; undefined: all of the zone, or some that are not known. */
  readonly names?: readonly string[] | undefined;
  /** When it is not that of its kind, or of its names. */
  readonly scope?: DnsErrorScope | undefined;
  /** Those of single names that it stands for. */
  readonly each?: readonly DnsError[] | undefined;
  readonly cause?: unknown;
}

/** In bytes: a provider's own words, and lists that it gives, are in it. The report, each log line and the page have it. */
const LONGEST_MESSAGE = 2_048;

export class DnsError extends Error {
  override readonly name = 'DnsError';
  readonly kind: DnsErrorKind;
  readonly code: string;
  readonly action: string;
  readonly retryAfterMs: number | undefined;
  readonly names: readonly string[] | undefined;
  readonly scope: DnsErrorScope;
  /** As it was given. */
  readonly #scope: DnsErrorScope | undefined;
  readonly #each: readonly DnsError[] | undefined;

  constructor(message: string, details: DnsErrorDetails) {
    const { kind, action, code = '', retryAfterMs, names, scope, each, cause } = details;
    super(cut(message, LONGEST_MESSAGE), cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.action = action;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
    this.names = names;
    this.#scope = scope;
    this.scope = scope ?? (names === undefined ? SCOPES[kind] : 'names');
    this.#each = each;
  }

  /** Those of single names that it stands for, or itself. */
  get each(): readonly DnsError[] {
    return this.#each ?? [this];
  }

  /** The same error, but for `changes`. */
  with({ message = this.message, ...changes }: { message?: string } & Partial<DnsErrorDetails>): DnsError {
    const { kind, action, code, retryAfterMs, names, cause } = this;
    const kept = { kind, action, code, retryAfterMs, names, cause, scope: this.#scope, each: this.#each };
    return new DnsError(message, { ...kept, ...changes });
  }
}
