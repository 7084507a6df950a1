/** Errors of DNS that several providers have. Pure. */
import { MASK, type Secret } from '../settings/secret.ts';
import { DnsError, type DnsErrorKind, type DnsErrorScope, NOT_SAVED } from './provider.ts';

/** What some of the codes of an API mean; docs/dns.md shows them. */
export interface ErrorRow<C extends string | number = string | number> {
  readonly codes: readonly C[];
  /** What the error is called here, where the API has a number alone. */
  readonly name?: string;
  readonly kind: DnsErrorKind;
  readonly action: string;
  /** Nothing is sent before this many milliseconds have passed. */
  readonly waitMs?: number;
  /** When it is not that of its kind. */
  readonly scope?: DnsErrorScope;
}

/** What a person has to change first is not tried again at once. */
export const CONFIG_WAIT_MS = 60_000;

/** The rows, with a wait in each of kind `config`. */
export function errorTable<C extends string | number>(
  rows: readonly ErrorRow<C>[],
  configWaitMs = CONFIG_WAIT_MS,
): readonly ErrorRow<C>[] {
  return rows.map((row) => (row.kind === 'config' ? { waitMs: configWaitMs, ...row } : row));
}

/** The first row that has one of `codes`. */
export function rowOf<C extends string | number>(
  table: readonly ErrorRow<C>[],
  ...codes: readonly (string | number)[]
): ErrorRow<C> | undefined {
  return table.find((row) => row.codes.some((code) => codes.includes(code)));
}

export interface ErrorCause {
  /** As the API has it; where the row has a name, it counts instead. */
  readonly code: string;
  /** What the answer asks for, before what the row has. */
  readonly retryAfterMs?: number | undefined;
  readonly names?: readonly string[];
  readonly cause?: unknown;
}

export function rowError(
  message: string,
  { name, kind, action, waitMs, scope }: Omit<ErrorRow, 'codes'>,
  { code, retryAfterMs = waitMs, ...more }: ErrorCause,
): DnsError {
  return new DnsError(message, { kind, action, code: name ?? code, retryAfterMs, scope, ...more });
}

/** An answer that is not (wholly) what was asked for. Nothing may be concluded from it. */
export function untrustedAnswer(what: string, problem: string, action: string): DnsError {
  return new DnsError(`the answer to ${what} cannot be trusted: ${problem}`, {
    kind: 'retry',
    code: 'bad-answer',
    action,
  });
}

/** An answer that is no success, and not of the API either: nothing is known of the credentials. `setting` has its address. */
export function strangerError(what: string, status: number, api: string, setting: string): DnsError {
  return new DnsError(`what answered ${what} with HTTP ${status} is not the ${api} API`, {
    kind: 'retry',
    code: String(status),
    action:
      status >= 500
        ? `The call is repeated; if this lasts, look at the status page of ${api}.`
        : `See what stands between this program and the API, such as a proxy or a challenge for robots, and check ${setting}.`,
  });
}

/** The provider has no such zone, or more than one. */
export function zoneError(message: string, action: string, retryAfterMs = CONFIG_WAIT_MS): DnsError {
  return new DnsError(message, { kind: 'config', code: 'zone', action, retryAfterMs });
}

/** Accepted, and not there when it was read back. */
export function notSaved(message: string, action: string, names?: readonly string[]): DnsError {
  return new DnsError(message, { kind: 'retry', code: NOT_SAVED, action, names });
}

/** APIs do not repeat a secret in their errors, but nothing says that they never will. What is behind the error is left out. */
export function masked(error: DnsError, secret: Secret): DnsError {
  return error.with({ message: error.message.replaceAll(secret.reveal(), MASK), cause: undefined });
}
