import { DnsError, type DnsErrorKind } from '../provider.ts';

interface ErrorRow {
  readonly name: string;
  readonly kind: DnsErrorKind;
  readonly action: string;
}

const MOST_TOLD = 5;
/** A refusal for want of a right is not hammered. */
const CONFIG_WAIT_MS = 60_000;
const CHANGED = 'Nothing: the records are read again. If this lasts, find who else writes this name.';

/** RFC 1035 section 4.1.1, RFC 2136 section 2.2; docs/dns.md shows them. */
export const RCODES: Readonly<Record<number, ErrorRow>> = {
  1: {
    name: 'FORMERR',
    kind: 'retry',
    action: 'See the log of the name server: it could not read the message.',
  },
  2: { name: 'SERVFAIL', kind: 'retry', action: 'See the log of the name server: it could not do it.' },
  3: { name: 'NXDOMAIN', kind: 'conflict', action: CHANGED },
  4: {
    name: 'NOTIMP',
    kind: 'config',
    action: 'Let the server take dynamic updates, or name the one that does as RFC2136_SERVER.',
  },
  5: {
    name: 'REFUSED',
    kind: 'config',
    action:
      'Allow the key to query and update these names (BIND: update-policy; Knot: acl; PowerDNS: dnsupdate=yes, and for the zone ALLOW-DNSUPDATE-FROM with this address and TSIG-ALLOW-DNSUPDATE with the key), and check RFC2136_SERVER. Windows DNS with secure updates takes GSS-TSIG alone, which is not spoken here.',
  },
  6: { name: 'YXDOMAIN', kind: 'conflict', action: CHANGED },
  7: { name: 'YXRRSET', kind: 'conflict', action: CHANGED },
  8: { name: 'NXRRSET', kind: 'conflict', action: CHANGED },
  9: {
    name: 'NOTAUTH',
    kind: 'config',
    action:
      'Name the primary server of this zone as RFC2136_SERVER; name@zone in the records states the zone.',
  },
  10: { name: 'NOTZONE', kind: 'config', action: 'Write name@zone with the zone that holds the name.' },
};

/** By the error of the TSIG record; docs/dns.md shows them. */
export const TSIG_ACTIONS: Readonly<Record<string, string>> = {
  BADSIG: 'Check RFC2136_TSIG_SECRET and RFC2136_TSIG_ALGORITHM against the key at the server.',
  BADKEY:
    'Check RFC2136_TSIG_NAME and RFC2136_TSIG_ALGORITHM: the server has no such key, or (Knot) its acl does not let it do this: where a site has a cname and Knot signs the zone, update-type needs RRSIG and NSEC.',
  BADTIME: 'Set the clock of this node or of the name server right: they may be 300 s apart.',
  BADTRUNC: 'Let the server take signatures of full length.',
};

const NOTAUTH = 9;
/** Of a server that says no word of the signature, RFC 8945 section 5.2 notwithstanding; docs/dns.md shows it. */
export const UNSIGNED_NOTAUTH_ACTION =
  'Check RFC2136_TSIG_NAME, RFC2136_TSIG_SECRET and RFC2136_TSIG_ALGORITHM against the key at the server, and the clocks of both: PowerDNS does not say what is wrong with a signature. If all of that is right, name the primary server of this zone as RFC2136_SERVER.';

/** An answer without a signature that is no success. */
export function unsignedError(what: string, rcode: number): DnsError {
  const error = rcodeError(what, rcode);
  if (rcode !== NOTAUTH) return error;
  const { kind, code, message, retryAfterMs = CONFIG_WAIT_MS } = error;
  return new DnsError(`${message}, unsigned`, { kind, code, action: UNSIGNED_NOTAUTH_ACTION, retryAfterMs });
}

export function rcodeError(what: string, rcode: number, names: readonly string[] = []): DnsError {
  const row = RCODES[rcode] ?? { name: `RCODE ${rcode}`, kind: 'retry', action: 'See its log.' };
  const about = names.length === 0 ? '' : ` (${names.join(', ')})`;
  return new DnsError(`the server answered ${what} with ${row.name}${about}`, {
    kind: row.kind,
    code: row.name,
    action: row.action,
    ...(row.kind === 'config' && { retryAfterMs: CONFIG_WAIT_MS }),
  });
}

/** A key may have the right to some names of a zone (BIND: update-policy): then one of the others has all refused. */
const ABOUT_NAMES: ReadonlySet<string> = new Set(['REFUSED', 'NOTZONE']);

export function updateError(what: string, rcode: number, names: readonly string[]): DnsError {
  const told =
    names.length > MOST_TOLD ? [...names.slice(0, MOST_TOLD), `${names.length - MOST_TOLD} more`] : names;
  const error = rcodeError(what, rcode, told);
  const { message, kind, code, action, retryAfterMs } = error;
  if (!ABOUT_NAMES.has(code)) return error;
  return new DnsError(message, {
    kind,
    code,
    action,
    scope: 'names',
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** `error` as the TSIG record of the answer has it. */
export function tsigError(what: string, error: string): DnsError {
  return new DnsError(`the server did not accept the signature of ${what}: ${error}`, {
    kind: 'config',
    code: error,
    action: TSIG_ACTIONS[error] ?? 'See the log of the name server.',
    retryAfterMs: CONFIG_WAIT_MS,
  });
}

/** `aheadSeconds`: how far our clock is ahead of the server's. */
export function clockError(what: string, aheadSeconds: number): DnsError {
  const apart = `${Math.abs(aheadSeconds)} s ${aheadSeconds > 0 ? 'ahead of' : 'behind'}`;
  return new DnsError(`the server did not accept the time of ${what}: this clock is ${apart} the server's`, {
    kind: 'config',
    code: 'BADTIME',
    action: TSIG_ACTIONS.BADTIME ?? '',
    retryAfterMs: CONFIG_WAIT_MS,
  });
}

/** An answer that is not what was asked for, or nobody's for certain. Nothing may be concluded from it. */
export function answerError(what: string, problem: string): DnsError {
  return new DnsError(`the answer to ${what} cannot be trusted: ${problem}`, {
    kind: 'retry',
    code: 'bad-answer',
    action: 'It is asked again; if this lasts, see what stands between this program and the name server.',
  });
}

export function notServed(message: string, action: string): DnsError {
  return new DnsError(message, { kind: 'config', code: 'zone', action, retryAfterMs: CONFIG_WAIT_MS });
}
