/** Errors of several DNS providers. Pure. */
import { MASK, type Secret } from '../settings/secret.ts';
import {
  DnsError,
  type DnsErrorDetails,
  type DnsErrorKind,
  type DnsErrorScope,
  NOT_SAVED,
} from './provider.ts';

/** The meaning of error codes of an API; docs/dns.md is generated from these. */
export interface ErrorRow<C extends string | number = string | number> {
  readonly codes: readonly C[];
  /** Our name for it, if the API has only a number. */
  readonly name?: string;
  readonly kind: DnsErrorKind;
  readonly action: string;
  /** Until the next attempt. */
  readonly waitMs?: number;
  /** If it is not that of its kind. */
  readonly scope?: DnsErrorScope;
}

/** For the action of errors of credentials. Files are read again for each call, variables never. */
export const RENEWED =
  'One that came as a variable is known from the start on: after a change restart the controller.';

/** An error that a person has to mend is not retried at once. */
export const CONFIG_WAIT_MS = 60_000;

/** Adds the wait to rows of kind `config`. */
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
  /** Of the API; the name of the row takes precedence. */
  readonly code: string;
  /** From the answer; takes precedence over the row. */
  readonly retryAfterMs?: number | undefined;
  readonly names?: readonly string[];
  readonly cause?: unknown;
}

export function rowError(
  message: string,
  { name, kind, action, waitMs, scope }: Omit<ErrorRow, 'codes'>,
  { code, retryAfterMs, ...more }: ErrorCause,
): DnsError {
  const waits = { retryAfterMs: retryAfterMs ?? waitMs, leastWaitMs: retryAfterMs };
  return new DnsError(message, { kind, action, code: name ?? code, scope, ...waits, ...more });
}

/** An answer that is invalid, at least in part: nothing may be concluded from it. */
export function untrustedAnswer(what: string, problem: string, action: string): DnsError {
  return new DnsError(`the answer to ${what} cannot be trusted: ${problem}`, {
    kind: 'retry',
    code: 'bad-answer',
    action,
  });
}

/** An error that does not come from the API, so it says nothing about the credentials. `setting` has the API's address. */
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

/** A record of this name cannot be as it should, until a person has changed something, or somebody else writes it. */
export function nameError(
  name: string,
  { message, ...details }: Pick<DnsErrorDetails, 'kind' | 'action'> & { message: string; code: string },
): DnsError {
  const waits = details.kind === 'config' && { retryAfterMs: CONFIG_WAIT_MS };
  return new DnsError(message, { ...details, ...waits, names: [name] });
}

/** No such zone, or more than one. */
export function zoneError(message: string, action: string, retryAfterMs = CONFIG_WAIT_MS): DnsError {
  return new DnsError(message, { kind: 'config', code: 'zone', action, retryAfterMs });
}

/** Accepted, but missing when it was read back. */
export function notSaved(message: string, action: string, names?: readonly string[]): DnsError {
  return new DnsError(message, { kind: 'retry', code: NOT_SAVED, action, names });
}

/** In case an API repeats a secret in its errors. Drops the cause. */
export function masked(error: DnsError, secret: Secret): DnsError {
  return error.with({ message: error.message.replaceAll(secret.reveal(), MASK), cause: undefined });
}
