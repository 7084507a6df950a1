import { CONFIG_WAIT_MS, errorTable, nameError, rowError, rowOf, zoneError } from '../../errors.ts';
import { DnsError } from '../../provider.ts';

const RATE_WAIT_MS = 30_000;
const SAID_LENGTH = 200;

/** By HTTP status. */
export const ERROR_TABLE = errorTable<number>([
  {
    codes: [401, 403],
    name: 'denied',
    kind: 'config',
    action: 'Let the provider, or the proxy before it, take the calls of the controller.',
  },
  {
    codes: [301, 302, 303, 307, 308, 404, 405, 406, 415],
    name: 'protocol',
    kind: 'config',
    action: 'Check DNS_WEBHOOK_URL: no webhook provider for ExternalDNS answers there.',
  },
  {
    codes: [429],
    name: 'busy',
    kind: 'rate',
    action: 'Nothing, if it passes; else see in the log of the provider what calls it so often.',
    waitMs: RATE_WAIT_MS,
  },
  {
    codes: [400, 409, 413, 422],
    name: 'refused',
    kind: 'refused',
    action: 'See the log of the provider: it does not take these records.',
  },
]);

const UNKNOWN = {
  kind: 'retry',
  action: 'The call is repeated; if this lasts, see the log of the provider.',
} as const;

/** `said` is the body. */
export function statusError(
  what: string,
  status: number,
  said: string,
  retryAfterMs: number | undefined,
): DnsError {
  const words = said
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, SAID_LENGTH);
  const message = `the provider answered ${what} with HTTP ${status}${words === '' ? '' : `: ${words}`}`;
  return rowError(message, rowOf(ERROR_TABLE, status) ?? UNKNOWN, { code: String(status), retryAfterMs });
}

export function protocolError(what: string, problem: string): DnsError {
  return new DnsError(`the answer to ${what} is not that of a webhook provider: ${problem}`, {
    kind: 'config',
    code: 'protocol',
    action: 'Check DNS_WEBHOOK_URL: no webhook provider for ExternalDNS answers there.',
    retryAfterMs: CONFIG_WAIT_MS,
  });
}

export function notServed(name: string, zone: string, filter: string): DnsError {
  return zoneError(
    `the provider does not serve ${name} in ${zone}: it is made for ${filter}`,
    'Change the domain filter of the provider, or take this name off the records.',
  ).with({ names: [name] });
}

export function notTaken(name: string, type: string): DnsError {
  return nameError(name, {
    kind: 'refused',
    code: 'adjusted',
    message: `the provider makes something else of ${name} ${type}, or nothing`,
    action: 'See the documentation of the provider: it does not take records of this type as they are.',
  });
}
