import { isConflict, KubeError } from '../../kubernetes/errors.ts';
import { DeadlineError } from '../../runtime/clock.ts';
import { DnsError, type DnsErrorKind, type DnsErrorScope } from '../provider.ts';

interface ErrorRow {
  readonly statuses: readonly number[];
  readonly code: string;
  readonly kind: DnsErrorKind;
  readonly action: string;
  readonly waitMs?: number;
  /** When it is not that of its kind. */
  readonly scope?: DnsErrorScope;
}

const CONFIG_WAIT_MS = 60_000;

/** What the API server answers, by HTTP status; docs/dns.md shows them. */
export const ERROR_TABLE: readonly ErrorRow[] = [
  {
    statuses: [401, 403],
    code: 'forbidden',
    kind: 'config',
    action:
      'Allow the controller get, create and patch of dnsendpoints.externaldns.k8s.io in this namespace; the chart does so when this provider is in its values.',
    waitMs: CONFIG_WAIT_MS,
  },
  {
    statuses: [404],
    code: 'no-crd',
    kind: 'config',
    action: 'Install the CRD DNSEndpoint of ExternalDNS, and check EXTERNAL_DNS_NAMESPACE.',
    waitMs: CONFIG_WAIT_MS,
  },
  {
    statuses: [409],
    code: 'changed',
    kind: 'conflict',
    action: 'Nothing: the object is read again. If this lasts, find who else writes it.',
    scope: 'zone',
  },
  {
    statuses: [400, 422],
    code: 'invalid',
    kind: 'refused',
    action: 'Look at the CRD DNSEndpoint: it is of a version that does not take this object.',
  },
  {
    statuses: [429],
    code: 'busy',
    kind: 'rate',
    action: 'Nothing, if it passes; else see what keeps the API server busy.',
    waitMs: 2_000,
  },
];

/** A failed call of the API server; anything else is given back as it is. */
export function apiError(error: unknown): unknown {
  if (!(error instanceof KubeError)) return error;
  const row = ERROR_TABLE.find(({ statuses }) => statuses.includes(isConflict(error) ? 409 : error.status));
  const wait = error.retryAfterMs ?? row?.waitMs;
  if (row !== undefined) {
    return new DnsError(error.message, {
      ...row,
      cause: error,
      ...(wait !== undefined && { retryAfterMs: wait }),
    });
  }
  return new DnsError(error.message, {
    kind: 'retry',
    code: error.status > 0 ? String(error.status) : codeOf(error),
    action: 'The call is repeated; if this lasts, look at the API server and the way to it.',
    cause: error,
  });
}

function codeOf({ cause }: KubeError): string {
  return cause instanceof DeadlineError ? 'timeout' : 'network';
}

export function notOurs(name: string, namespace: string): DnsError {
  return new DnsError(`the DNSEndpoint ${name} in namespace ${namespace} was not made by this program`, {
    kind: 'refused',
    code: 'not-ours',
    action: `Rename or delete it, or give it the label app.kubernetes.io/managed-by=kube-site-follower to hand it over.`,
    retryAfterMs: CONFIG_WAIT_MS,
    scope: 'zone',
  });
}
