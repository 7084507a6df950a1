import { cut } from '../kubernetes/cut.ts';
import type { AuthoritativeLookup, RecordQuery, ServerAnswer } from './records/authoritative.ts';
import type { Change, Current, RecordSet, WrittenType, ZoneQuery } from './records.ts';

export interface WriteGuard {
  readonly abort: AbortSignal;
  /**
   * Aborts with the reason as soon as these changes are no longer desired. For waiting before a write: a write under way is
   * not cut short. Absent: `abort`.
   */
  readonly superseded?: AbortSignal;
  /** Throws when this replica may not write any more. Called right before each write. */
  assertMayWrite(): void;
  /** Calls change nothing unless this set is as it is here. Only providers that compare and set can see to it. */
  readonly condition?: RecordSet<WrittenType> | undefined;
  /** To be called after each call that the provider has accepted, if the changes take several. */
  onAccepted?(changes: readonly Change<WrittenType>[]): void;
}

/**
 * A DNS provider: one file or folder and one row in registry.ts. Zone-safe: whatever is not in `changes` stays byte for
 * byte as it was. The caller never makes concurrent calls for one zone.
 */
export interface DnsProvider {
  readonly name: string;
  /** Milliseconds between two reads that look for drift; a rate limit may make it long. */
  readonly driftMs: number;
  /** A call that was refused may have made some of its changes: they are read again before the rest is sent. */
  readonly appliesInPart?: boolean;
  /** A CNAME may be at the top of a zone and beside other types: it is answered with the addresses of its target. */
  readonly flattensCname?: boolean;
  /** Writing a TXT set may alter the texts of others in it, so a set that has some is not written. */
  readonly mayHarmTexts?: boolean;
  /** The provider's zones at and below `zone` that `names` may be in. Throws DnsError. Absent: unknown or irrelevant. */
  zonesWithin?(zone: string, names: readonly string[], abort: AbortSignal): Promise<readonly string[]>;
  /** Throws DnsError. */
  read(query: ZoneQuery): Promise<Current>;
  /**
   * Resolves when the provider has accepted `changes` and, if it can be read back, shows them. No name may be without a
   * record meanwhile: all changes of one name are made at once, or none. There are TXT records among them only if the
   * provider's traits have `keepsTexts`. Throws DnsError.
   */
  apply(zone: string, changes: readonly Change<WrittenType>[], guard: WriteGuard): Promise<void>;
  /** An AuthoritativeLookup, for providers that know more than the name servers that `ask` asks. Absent: `ask` alone. */
  lookup?(query: RecordQuery, ask: AuthoritativeLookup): Promise<readonly ServerAnswer[]>;
}

/**
 * retry: the same call may work later (time-out, 5xx, upstream). rate: the same, but only after `retryAfterMs`.
 * config: a person has to change something (key, address list, permissions). refused: the state of the zone makes a write
 * unsafe; a person has to see why. conflict: somebody else wrote at the same time.
 */
export type DnsErrorKind = 'retry' | 'rate' | 'config' | 'refused' | 'conflict';

/** zone: no change of the zone can be made. names: some changes of the call cannot be made, the others can without them. */
export type DnsErrorScope = 'zone' | 'names';

/** Unless an error says otherwise. */
const SCOPES: Readonly<Record<DnsErrorKind, DnsErrorScope>> = {
  retry: 'zone',
  rate: 'zone',
  conflict: 'names',
  config: 'zone',
  refused: 'names',
};

/** Code: accepted, but missing when it was read back. */
export const NOT_SAVED = 'not-saved';

const NEED_A_HUMAN: ReadonlySet<string> = new Set<DnsErrorKind>(['config', 'refused']);

/** Whether an error of this kind stays until somebody changes something. */
export function needsHuman(kind: string): boolean {
  return NEED_A_HUMAN.has(kind);
}

export interface DnsErrorDetails {
  readonly kind: DnsErrorKind;
  /** What the user should do; one sentence. */
  readonly action: string;
  /** The provider's own code, e.g. `1011150`; empty when it gave none. */
  readonly code?: string;
  readonly retryAfterMs?: number | undefined;
  /** Nothing is tried sooner: the provider says so, or the attempt itself does harm. */
  readonly leastWaitMs?: number | undefined;
  /** The names that it is about; undefined: all of the zone, or unknown. */
  readonly names?: readonly string[] | undefined;
  /** If it is not that of its kind, or of its names. */
  readonly scope?: DnsErrorScope | undefined;
  /** The errors of single names that it stands for. */
  readonly each?: readonly DnsError[] | undefined;
  readonly cause?: unknown;
}

/** In bytes. Messages have texts and lists of providers in them, and appear in the report, in log lines and on the page. */
const LONGEST_MESSAGE = 2_048;
/** In bytes. Codes of an API are labels of a metric. */
const LONGEST_CODE = 64;

export class DnsError extends Error {
  override readonly name = 'DnsError';
  readonly kind: DnsErrorKind;
  readonly code: string;
  readonly action: string;
  readonly retryAfterMs: number | undefined;
  readonly leastWaitMs: number | undefined;
  readonly names: readonly string[] | undefined;
  readonly scope: DnsErrorScope;
  /** As given. */
  readonly #scope: DnsErrorScope | undefined;
  readonly #each: readonly DnsError[] | undefined;

  constructor(message: string, details: DnsErrorDetails) {
    const { kind, action, code = '', retryAfterMs, leastWaitMs, names, scope, each, cause } = details;
    super(cut(message, LONGEST_MESSAGE), cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.action = action;
    this.code = cut(code, LONGEST_CODE);
    this.retryAfterMs = retryAfterMs;
    this.leastWaitMs = leastWaitMs;
    this.names = names;
    this.#scope = scope;
    this.scope = scope ?? (names === undefined ? SCOPES[kind] : 'names');
    this.#each = each;
  }

  /** The errors of single names that it stands for, or itself. */
  get each(): readonly DnsError[] {
    return this.#each ?? [this];
  }

  /** The same error, but for `changes`. */
  with({ message = this.message, ...changes }: { message?: string } & Partial<DnsErrorDetails>): DnsError {
    const { kind, action, code, retryAfterMs, leastWaitMs, names, cause } = this;
    const own = { kind, action, code, retryAfterMs, leastWaitMs, names, cause };
    const kept = { ...own, scope: this.#scope, each: this.#each };
    return new DnsError(message, { ...kept, ...changes });
  }
}
