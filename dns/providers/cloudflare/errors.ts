import * as z from 'zod';
import { listOf } from '../../../runtime/first-problem.ts';
import {
  type ErrorRow,
  errorTable,
  RENEWED,
  rowError,
  rowOf,
  strangerError as stranger,
  untrustedAnswer,
} from '../../errors.ts';
import { DnsError } from '../../provider.ts';

/** A wrong token is not retried soon. */
export const CONFIG_WAIT_MS = 2 * 60_000;
/** "All API calls for the next five minutes will be blocked", with any token of the user. */
const RATE_WAIT_MS = 5 * 60_000;

/** By code. */
export const ERROR_TABLE = errorTable<number>(
  [
    {
      codes: [6003, 6111, 9106, 9109, 10000, 10001],
      kind: 'config',
      action: `Check CLOUDFLARE_API_TOKEN: it must be an API token (not a global API key), still valid, with Zone:Read and DNS:Edit for this zone, and usable from this address. ${RENEWED}`,
    },
    {
      codes: [1001, 7000, 7003],
      kind: 'config',
      action: 'The zone is not there any more: check the records and CLOUDFLARE_API_URL.',
    },
    {
      codes: [81044],
      kind: 'conflict',
      action: 'Nothing: a record was deleted meanwhile, and the zone is read again.',
    },
    {
      codes: [81053, 81054, 81056, 81057, 81058, 81059],
      kind: 'conflict',
      action:
        'Look at this name in the Cloudflare dashboard: another record stands in the way, or somebody else writes it too.',
    },
    {
      // The reason behind 1004.
      codes: [9021],
      kind: 'refused',
      action: 'Set DNS_TTL to 60 or more: Cloudflare takes less for zones of the Enterprise plan alone.',
    },
    {
      codes: [1004, 1043, 9000, 9003, 9004, 9005, 9006, 9007, 9041, 9301, 9313, 81045, 81062],
      kind: 'refused',
      action:
        'Look at this name in the Cloudflare dashboard: a record cannot be as it should, or the zone is full.',
    },
    {
      // Seen with several statuses (kubernetes-sigs/external-dns#2135, #5971).
      codes: [971, 10300, 10429],
      kind: 'rate',
      action: 'Nothing, if it passes; else see what else calls the API so often.',
    },
  ],
  CONFIG_WAIT_MS,
);

const UNKNOWN: Omit<ErrorRow, 'codes'> = {
  kind: 'retry',
  action: 'The call is repeated; if this lasts, look up the code in the documentation of the Cloudflare API.',
};

const REASON = z.object({
  /** A string in some answers. */
  code: z.coerce.number().int(),
  message: z.string(),
});
/** The `errors` of an answer. The actual reason is in the chain; the message is that of a class of errors. */
export const PROBLEMS = listOf(REASON.extend({ error_chain: listOf(REASON).nullish() }));
type ApiProblem = z.infer<typeof PROBLEMS>[number];

/** Of the API's messages, so that log lines stay short. */
const MAX_SAID = 500;

/** As {@link apiError}, for a call that changes records of several names. */
export function changeError(...answer: Parameters<typeof apiError>): DnsError {
  const error = apiError(...answer);
  const [, status, problems] = answer;
  // The codes of errors of records are not all known; those of a missing zone, a wrong token and the rate limit are.
  const isAboutContents =
    [400, 403, 409, 422].includes(status) && rowOf(ERROR_TABLE, ...codesOf(problems)) === undefined;
  return isAboutContents ? error.with({ scope: 'names' }) : error;
}

/** For an error in the form of the API. */
export function apiError(
  what: string,
  status: number,
  problems: readonly ApiProblem[],
  retryAfterMs: number | undefined,
): DnsError {
  const said = problems.map(sentence).join('; ').slice(0, MAX_SAID) || `HTTP ${status}`;
  const [first] = problems;
  const code = String(first?.code ?? status);
  const row = rowOf(ERROR_TABLE, ...codesOf(problems));
  if (status === 429 || row?.kind === 'rate') {
    return new DnsError(`Cloudflare took no call for ${what} because of its rate limit: ${said}`, {
      kind: 'rate',
      code,
      retryAfterMs: Math.max(retryAfterMs ?? RATE_WAIT_MS, 1_000),
      action:
        'Nothing, if it passes; else see what else calls the API so often: 1200 calls in 5 minutes per user.',
    });
  }
  const denied = status === 401 || status === 403 ? ERROR_TABLE[0] : undefined;
  return rowError(`Cloudflare refused ${what}: ${said}`, row ?? denied ?? UNKNOWN, { code });
}

function codesOf(problems: readonly ApiProblem[]): readonly number[] {
  return problems.flatMap(({ code, error_chain: chain }) => [
    code,
    ...(chain ?? []).map((reason) => reason.code),
  ]);
}

function sentence({ code, message, error_chain: chain }: ApiProblem): string {
  const reasons = (chain ?? []).map((reason) => `${reason.message} (${reason.code})`);
  return [`${message} (${code})`, ...reasons].join(': ');
}

export function strangerError(what: string, status: number, retryAfterMs: number | undefined): DnsError {
  if (status === 429) return apiError(what, status, [], retryAfterMs);
  return stranger(what, status, 'Cloudflare', 'CLOUDFLARE_API_URL');
}

export function answerError(what: string, problem: string): DnsError {
  const action = 'The call is repeated; if this lasts, look for a proxy between, or at CLOUDFLARE_API_URL.';
  return untrustedAnswer(what, problem, action);
}

/**
 * To a token that is limited to some zones the API says of a name that is none of theirs, that it may not list zones
 * (certbot/certbot#7583, cert-manager/cert-manager#3083). Without a name it lists those that it sees.
 */
export function mayNotList(error: unknown): boolean {
  return error instanceof DnsError && /\bcom\.cloudflare\.api\.account\.zone\.list\b/.test(error.message);
}

export function noneIfMayNotList(error: unknown): readonly [] {
  if (mayNotList(error)) return [];
  throw error;
}
