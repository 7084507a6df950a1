import { isConflict, KubeError } from '../../../kubernetes/errors.ts';
import { DeadlineError } from '../../../runtime/clock.ts';
import { CONFIG_WAIT_MS, errorTable, rowError, rowOf } from '../../errors.ts';
import { DnsError } from '../../provider.ts';

/** By HTTP status of the API server. */
export const ERROR_TABLE = errorTable<number>([
  {
    codes: [401, 403],
    name: 'forbidden',
    kind: 'config',
    action:
      'Allow the controller get, list, create and patch of dnsendpoints.externaldns.k8s.io in this namespace; the chart does so when this provider is in its values.',
  },
  {
    codes: [404],
    name: 'no-crd',
    kind: 'config',
    action: 'Install the CRD DNSEndpoint of ExternalDNS, and check EXTERNAL_DNS_NAMESPACE.',
  },
  {
    codes: [409],
    name: 'changed',
    kind: 'conflict',
    action: 'Nothing: the object is read again. If this lasts, find who else writes it.',
    scope: 'zone',
  },
  {
    codes: [400, 422],
    name: 'invalid',
    kind: 'refused',
    action: 'Look at the CRD DNSEndpoint: it is of a version that does not take this object.',
  },
  {
    codes: [429],
    name: 'busy',
    kind: 'rate',
    action: 'Nothing, if it passes; else see what keeps the API server busy.',
    waitMs: 2_000,
  },
]);

const UNKNOWN = {
  kind: 'retry',
  action: 'The call is repeated; if this lasts, look at the API server and the way to it.',
} as const;

/** The DnsError of a failed call of the API server; other errors are returned unchanged. */
export function apiError(error: unknown): unknown {
  if (!(error instanceof KubeError)) return error;
  const row = rowOf(ERROR_TABLE, isConflict(error) ? 409 : error.status) ?? UNKNOWN;
  const code = error.status > 0 ? String(error.status) : codeOf(error);
  return rowError(error.message, row, { code, retryAfterMs: error.retryAfterMs, cause: error });
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
