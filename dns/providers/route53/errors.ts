import { explain } from '../../../runtime/explain.ts';
import {
  CONFIG_WAIT_MS,
  errorTable,
  RENEWED,
  rowError,
  rowOf,
  strangerError,
  untrustedAnswer,
} from '../../errors.ts';
import { DnsError } from '../../provider.ts';
import { FIRST_ERROR, StrangerError } from './answers.ts';
import { plainName } from './records.ts';

/** Of credentials. */
const NOT_TAKEN = [
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'SignatureDoesNotMatch',
  'InvalidSignatureException',
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'MissingAuthenticationToken',
];

/** Also for other names of errors whose text is about the time. */
const OFF_TIME = 'RequestTimeTooSkewed';
/** What Route 53 says with `SignatureDoesNotMatch` (kubernetes-sigs/external-dns#1626): the credentials are right. */
const SAYS_OFF_TIME = /^Signature (expired|not yet current)/i;

/** The names of errors that a person can do something about. */
export const ERROR_TABLE = errorTable<string>([
  {
    codes: ['CredentialsProviderError', 'TokenProviderError'],
    kind: 'config',
    action:
      'Give the pod credentials: a role for its service account (IRSA or Pod Identity), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY from a Secret.',
  },
  {
    codes: NOT_TAKEN,
    kind: 'config',
    action: `Check the AWS credentials of the pod: AWS does not take them, or not any more. ${RENEWED}`,
  },
  {
    codes: ['AccessDenied', 'AccessDeniedException', 'OptInRequired', 'UnauthorizedOperation'],
    kind: 'config',
    action:
      'Allow the role route53:ListHostedZonesByName, ListResourceRecordSets, ChangeResourceRecordSets and GetChange (docs/dns.md has the policy).',
  },
  {
    codes: [OFF_TIME, 'RequestExpired'],
    kind: 'config',
    action: 'Set the clock of this node right: AWS takes no request that is 5 minutes off.',
  },
  {
    codes: ['NoSuchHostedZone'],
    kind: 'config',
    action: 'Check ROUTE53_ZONE_ID and the zone of the records: this hosted zone is not in the account.',
  },
  {
    codes: ['Throttling', 'ThrottlingException', 'TooManyRequestsException', 'RequestLimitExceeded'],
    kind: 'rate',
    action: 'Nothing, if it passes; else see what else calls Route 53 in this account so often.',
    waitMs: 5_000,
  },
  {
    codes: ['PriorRequestNotComplete'],
    kind: 'retry',
    action: 'Nothing: an earlier change of this zone is still being made, and the call is repeated.',
    waitMs: 2_000,
  },
  {
    codes: ['InvalidChangeBatch', 'InvalidInput'],
    kind: 'refused',
    action:
      'Look at this name in the Route 53 console: something else stands there that cannot stand beside it.',
  },
]);

const UNKNOWN = {
  kind: 'retry',
  action: 'The call is repeated; if this lasts, look up the error in the documentation of Route 53.',
} as const;

const DENIED = ['AccessDenied', 'AccessDeniedException'];

/** AWS does not take the credentials, or not any more. */
export function areNotTaken({ code }: DnsError): boolean {
  return NOT_TAKEN.includes(code);
}

/** By the policy of the role. */
export function isDenied(error: unknown): error is DnsError {
  return error instanceof DnsError && DENIED.includes(error.code);
}

/** The batch itself is wrong, whatever the zone has. */
export function isRefusedBatch(error: unknown): boolean {
  return error instanceof DnsError && error.kind === 'refused' && error.code === 'InvalidChangeBatch';
}

/**
 * A policy may allow the change of some names alone (route53:ChangeResourceRecordSetsNormalizedRecordNames): then one of the
 * others has the whole batch denied.
 */
export function changeError(error: unknown): unknown {
  if (!isDenied(error)) return error;
  return error.with({ retryAfterMs: error.retryAfterMs ?? CONFIG_WAIT_MS, scope: 'names', cause: error });
}

/** Of one batch. */
const MOST_NAMES = 1_000;

/** The names of the changes that the API says are wrong. */
function namesIn(said: string): { readonly names?: readonly string[] } {
  const names = new Set<string>();
  for (const [, name = ''] of said.matchAll(/\[name='([^']{1,1024})'/g)) {
    if (names.size === MOST_NAMES) break;
    names.add(plainName(name));
  }
  return names.size > 0 ? { names: [...names] } : {};
}

/** What the API says when a record is not what the change was planned for. */
const CHANGED = /already exists|not found|do(es)? not match|does not exist/i;

/** `error` as the SDK threw it; `noAnswer` where it does not come from the service. */
export function apiError(what: string, error: unknown, noAnswer: () => DnsError): DnsError {
  if (error instanceof StrangerError) return notOfService(what, error.status, error.message);
  const status = statusOf(error);
  if (status !== undefined && status < FIRST_ERROR) return notOfService(what, status, explain(error));
  const said = explain(error);
  const name = error instanceof Error ? error.name : '';
  const code = SAYS_OFF_TIME.test(said) ? OFF_TIME : name;
  const row = rowOf(ERROR_TABLE, code);
  if (row === undefined && status === undefined) return noAnswer();
  if (code === 'InvalidChangeBatch' && CHANGED.test(said)) {
    return new DnsError(`Route 53 refused ${what}: ${said}`, {
      kind: 'conflict',
      code,
      action: 'Nothing: the zone is read again. If this lasts, find who else writes this record.',
      ...namesIn(said),
    });
  }
  const told = `Route 53 refused ${what}: ${said} (${name})`;
  // The SDK has taken the time of AWS out of the answer, and signs the next call with it.
  if (row !== undefined && code === OFF_TIME && isCorrected(error))
    return rowError(told, { ...row, kind: 'retry', waitMs: 0 }, { code });
  const about = code === 'InvalidChangeBatch' ? namesIn(said) : {};
  // Nobody knows all names of errors; that a request is wrong may be about one of the records in it.
  const isWrong = (status ?? 0) < 500;
  const unknown = isWrong ? ({ ...UNKNOWN, scope: 'names' } as const) : UNKNOWN;
  return rowError(told, row ?? unknown, { code, ...about });
}

/** Of a success nothing is known: what was asked for may have been done. */
function notOfService(what: string, status: number, problem: string): DnsError {
  const row = status === 429 ? rowOf(ERROR_TABLE, 'Throttling') : undefined;
  if (row !== undefined) return rowError(`Route 53 refused ${what}: HTTP 429`, row, { code: '429' });
  if (status >= FIRST_ERROR) return strangerError(what, status, 'Route 53', 'ROUTE53_API_URL');
  return answerError(what, problem);
}

export function answerError(what: string, problem: string): DnsError {
  const action = 'The call is repeated; if this lasts, look for a proxy between, or at ROUTE53_API_URL.';
  return untrustedAnswer(what, problem, action);
}

/** The SDK gives every error that came as an answer its HTTP status. */
function statusOf(error: unknown): number | undefined {
  return metadataOf(error)?.httpStatusCode;
}

function isCorrected(error: unknown): boolean {
  return metadataOf(error)?.clockSkewCorrected === true;
}

function metadataOf(error: unknown) {
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined;
  return error.$metadata as
    | { readonly httpStatusCode?: number; readonly clockSkewCorrected?: boolean }
    | undefined;
}
