import { type ErrorRow, errorTable, RENEWED, rowError, rowOf, untrustedAnswer } from '../../errors.ts';
import { DnsError } from '../../provider.ts';

const MINUTE = 60_000;
/** A wrong key or address is not hammered: too many bad logins lock the account out (1017411). */
const CONFIG_WAIT_MS = 2 * MINUTE;
/** The plan is 20 calls a minute; after "slow down" the window has to pass. */
const RATE_WAIT_MS = 30_000;

/** The documented codes that a person can do something about. */
export const ERROR_TABLE = errorTable<string>(
  [
    {
      codes: ['1011150'],
      kind: 'config',
      action:
        'Add this address to the whitelisted IPs of the Namecheap account (Profile → Tools → API Access); add the outgoing addresses of all sites.',
    },
    {
      codes: ['1011102'],
      kind: 'config',
      action: `Check NAMECHEAP_API_USER and NAMECHEAP_API_KEY, and that API access is switched on in the account. ${RENEWED}`,
    },
    {
      codes: ['1010101', '1010102', '1010104', '1010105'],
      kind: 'config',
      action: 'Set NAMECHEAP_API_USER, NAMECHEAP_API_KEY and NAMECHEAP_CLIENT_IP: one of them is empty.',
    },
    {
      codes: ['1017150', '1017105', '1017101', '1017103', '1016103', '1019103', '4011103'],
      kind: 'config',
      action:
        'The user or address is disabled or not authorised: look at API Access in the Namecheap account.',
    },
    {
      codes: ['1017411'],
      kind: 'rate',
      action:
        'Check NAMECHEAP_API_KEY: there were too many failed logins. Nothing more is sent for 30 minutes.',
      waitMs: 30 * MINUTE,
    },
    {
      codes: ['2019166', '2016166'],
      kind: 'config',
      action:
        'The domain is not in this Namecheap account: check DNS_RECORDS, where name@zone states the domain, and NAMECHEAP_API_USER.',
    },
    {
      codes: ['2030166', '2030288'],
      kind: 'config',
      action: 'Let the domain use Namecheap BasicDNS or PremiumDNS: records cannot be edited now.',
    },
    {
      codes: ['2050900'],
      kind: 'refused',
      action: 'Look at the zone in the Namecheap panel: an address in it is not accepted by the API.',
      waitMs: CONFIG_WAIT_MS,
    },
    {
      codes: ['3031510', '3050900', '5019169', '5050169', '5050900'],
      kind: 'retry',
      action: 'Nothing: the fault is at the registrar and the call is repeated.',
    },
  ],
  CONFIG_WAIT_MS,
);

const UNKNOWN: Omit<ErrorRow, 'codes'> = {
  kind: 'retry',
  action: 'The call is repeated; if this lasts, look up the code in the Namecheap API documentation.',
};

/** `errors` as in an answer with Status="ERROR". */
export function apiError(
  what: string,
  errors: readonly { readonly code: string; readonly text: string }[],
): DnsError {
  const code = errors[0]?.code ?? '';
  const texts = errors.map((error) => `${error.text} (${error.code || 'no code'})`).join('; ');
  const text = `Namecheap refused ${what}: ${texts || 'it gave no reason'}`;
  // The code of a rate limit inside an answer is not documented; the words are what clients have seen.
  if (/too many requests/i.test(texts)) return tooManyRequests(what, texts, RATE_WAIT_MS, code);
  return rowError(text, rowOf(ERROR_TABLE, code) ?? UNKNOWN, { code });
}

/** An HTTP status other than 200. The rate limit shows itself as 405. */
export function statusError(what: string, status: number, retryAfterMs: number | undefined): DnsError {
  const said = `HTTP ${status}`;
  if (status === 405 || status === 429) {
    return tooManyRequests(what, said, Math.max(retryAfterMs ?? 0, RATE_WAIT_MS), String(status));
  }
  return new DnsError(`Namecheap answered ${what} with ${said}`, {
    kind: 'retry',
    code: String(status),
    action:
      status >= 500
        ? 'Nothing: the fault is at Namecheap and the call is repeated.'
        : 'Check NAMECHEAP_API_URL and any proxy between: this is no answer of the API.',
  });
}

function tooManyRequests(what: string, said: string, retryAfterMs: number, code: string): DnsError {
  return new DnsError(`Namecheap took no call for ${what} because of its rate limit: ${said}`, {
    kind: 'rate',
    code,
    retryAfterMs,
    action:
      'Nothing, if it passes; else see what other programs use the same API key (20 calls a minute, 8000 a day).',
  });
}

export function answerError(what: string, problem: string): DnsError {
  const action =
    'The call is repeated and nothing is written; if this lasts, look for a proxy between, or at NAMECHEAP_API_URL.';
  return untrustedAnswer(what, problem, action);
}
