import type { IncomingHttpHeaders } from 'node:http';
import { DeadlineError } from '../runtime/clock.ts';
import { readJson } from '../runtime/json.ts';
import { retryAfterMs } from '../runtime/retry-after.ts';
import { KubeError, TOO_LARGE } from './errors.ts';

/** The API server's own description of a failure, as the body of an answer or as the object of an ERROR event. */
interface ServerStatus {
  readonly kind: 'Status';
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly { readonly reason?: string }[];
  };
}

/** An answer other than 2xx. `what` is method and path. */
export function failedAnswer(
  what: string,
  status: number,
  headers: IncomingHttpHeaders,
  body: string,
  now: number,
): KubeError {
  const said = parseStatus(body);
  return new KubeError(
    `${what} failed with ${status}${said?.message ? `: ${said.message}` : hintFor(status)}`,
    {
      status,
      reason: reasonOf(said),
      retryAfterMs: retryAfterMs(headers, now) ?? secondsToMs(said?.details?.retryAfterSeconds),
    },
  );
}

/** An ERROR event of a watch. */
export function failedWatch(what: string, object: unknown): KubeError {
  const said = isStatus(object) ? object : undefined;
  const status = said?.code ?? 500;
  return new KubeError(
    `${what} was ended by the server with ${status}: ${said?.message ?? 'no reason given'}`,
    {
      status,
      reason: reasonOf(said),
      retryAfterMs: secondsToMs(said?.details?.retryAfterSeconds),
    },
  );
}

/** Nothing came, or not all of it. */
export function noAnswer(what: string, cause: unknown): KubeError {
  const details = { status: 0, reason: 'NoAnswer', cause };
  // It has said itself what got no answer.
  if (cause instanceof DeadlineError) return new KubeError(cause.message, details);
  const error = innermost(cause);
  const hint = HINTS[codeOf(error)];
  const text = error instanceof Error ? error.message || error.name : String(error);
  return new KubeError(`${what} got no answer: ${text}${hint === undefined ? '' : ` (${hint})`}`, details);
}

/** 2xx, but not what an API server sends. */
export function unreadable(
  what: string,
  status: number,
  reason: 'NotJson' | 'TooLarge',
  cause: unknown,
): KubeError {
  const meaning =
    reason === 'NotJson'
      ? 'something that is not JSON: is the server of the kubeconfig an API server?'
      : 'more than this program reads at once';
  return new KubeError(`${what} was answered with ${meaning}`, { status, reason, cause });
}

/** Whether the connection broke under a call, as it does when the server closes an idle one at that moment. */
export function isReset(error: unknown): boolean {
  return RESETS.has(codeOf(innermost(error)));
}

const RESETS = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

const WRONG_CA = 'the certificate authority in the kubeconfig does not fit this server';
const HINTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: is the API server up, and the server of the kubeconfig right?',
  ENOTFOUND: 'the host name of the API server is not known to DNS',
  EAI_AGAIN: 'the DNS server did not answer',
  UND_ERR_CONNECT_TIMEOUT: 'no connection within 5 s: a firewall, or the machine is gone',
  DEPTH_ZERO_SELF_SIGNED_CERT: WRONG_CA,
  SELF_SIGNED_CERT_IN_CHAIN: WRONG_CA,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: WRONG_CA,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: WRONG_CA,
  CERT_SIGNATURE_FAILURE: WRONG_CA,
  CERT_HAS_EXPIRED: 'the certificate of the API server has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate of the API server is for other names',
};

/** Servers before the cause was added say it only in their text. */
function reasonOf(said: ServerStatus | undefined): string {
  const isTooLarge =
    said?.details?.causes?.some(({ reason }) => reason === TOO_LARGE) === true ||
    said?.message?.includes('Too large resource version') === true;
  return isTooLarge ? TOO_LARGE : said?.reason || 'Unknown';
}

function hintFor(status: number): string {
  return status === 401 ? ': the credentials of the kubeconfig are not accepted' : '';
}

/** When no address of several answers, Node throws an AggregateError without a message of its own. */
function innermost(error: unknown): unknown {
  return error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function parseStatus(body: string): ServerStatus | undefined {
  const parsed = readJson(body);
  // A proxy in between, or a very early failure, answers in plain text or HTML: the HTTP status says enough.
  return isStatus(parsed) ? parsed : undefined;
}

function isStatus(value: unknown): value is ServerStatus {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status';
}

function secondsToMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1_000;
}
