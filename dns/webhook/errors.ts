import { DnsError, type DnsErrorKind } from '../provider.ts';

interface ErrorRow {
  readonly statuses: readonly number[];
  readonly code: string;
  readonly kind: DnsErrorKind;
  readonly action: string;
  readonly waitMs?: number;
}

const CONFIG_WAIT_MS = 60_000;
const RATE_WAIT_MS = 30_000;
const SAID_LENGTH = 200;

/** What a provider answers, by HTTP status; docs/dns.md shows them. */
export const ERROR_TABLE: readonly ErrorRow[] = [
  {
    statuses: [401, 403],
    code: 'denied',
    kind: 'config',
    action: 'Let the provider, or the proxy before it, take the calls of the controller.',
    waitMs: CONFIG_WAIT_MS,
  },
  {
    statuses: [301, 302, 303, 307, 308, 404, 405, 406, 415],
    code: 'protocol',
    kind: 'config',
    action: 'Check DNS_WEBHOOK_URL: no webhook provider for ExternalDNS answers there.',
    waitMs: CONFIG_WAIT_MS,
  },
  {
    statuses: [429],
    code: 'busy',
    kind: 'rate',
    action: 'Nothing, if it passes; else see in the log of the provider what calls it so often.',
    waitMs: RATE_WAIT_MS,
  },
  {
    statuses: [400, 409, 413, 422],
    code: 'refused',
    kind: 'refused',
    action: 'See the log of the provider: it does not take these records.',
  },
];

/** An answer that is no success; `said` is its body. */
export function statusError(
  what: string,
  status: number,
  said: string,
  retryAfterMs: number | undefined,
): DnsError {
  const row = ERROR_TABLE.find(({ statuses }) => statuses.includes(status));
  const words = said
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, SAID_LENGTH);
  const wait = retryAfterMs ?? row?.waitMs;
  return new DnsError(
    `the provider answered ${what} with HTTP ${status}${words === '' ? '' : `: ${words}`}`,
    {
      kind: row?.kind ?? 'retry',
      code: row?.code ?? String(status),
      action: row?.action ?? 'The call is repeated; if this lasts, see the log of the provider.',
      ...(wait !== undefined && { retryAfterMs: wait }),
    },
  );
}

/** Not what the protocol says. */
export function protocolError(what: string, problem: string): DnsError {
  return new DnsError(`the answer to ${what} is not that of a webhook provider: ${problem}`, {
    kind: 'config',
    code: 'protocol',
    action: 'Check DNS_WEBHOOK_URL: no webhook provider for ExternalDNS answers there.',
    retryAfterMs: CONFIG_WAIT_MS,
  });
}

export function notServed(name: string, zone: string, filter: string): DnsError {
  return new DnsError(`the provider does not serve ${name} in ${zone}: it is made for ${filter}`, {
    kind: 'config',
    code: 'zone',
    action: 'Change the domain filter of the provider, or take this name off the records.',
    retryAfterMs: CONFIG_WAIT_MS,
  });
}

export function notTaken(name: string, type: string): DnsError {
  return new DnsError(`the provider makes something else of ${name} ${type}, or nothing`, {
    kind: 'refused',
    code: 'adjusted',
    action: 'See the documentation of the provider: it does not take records of this type as they are.',
    names: [name],
  });
}
