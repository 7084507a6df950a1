import {
  CONFIG_WAIT_MS,
  errorTable,
  nameError,
  RENEWED,
  rowError,
  rowOf,
  untrustedAnswer,
} from '../../errors.ts';
import type { DnsError } from '../../provider.ts';
import type { RecordSet, WrittenType } from '../../records.ts';

/** By their numbers: RFC 1035 section 4.1.1, RFC 2136 section 2.2. */
const RCODES = [
  'NOERROR',
  'FORMERR',
  'SERVFAIL',
  'NXDOMAIN',
  'NOTIMP',
  'REFUSED',
  'YXDOMAIN',
  'YXRRSET',
  'NXRRSET',
  'NOTAUTH',
  'NOTZONE',
] as const;
/** Of a server that says no word of the signature, RFC 8945 section 5.2 notwithstanding. */
const UNSIGNED_NOTAUTH = 'NOTAUTH, unsigned';

const MOST_SHOWN = 5;

/** By RCODE, and by the error of the TSIG record. */
export const ERROR_TABLE = errorTable<string>([
  {
    codes: ['FORMERR'],
    kind: 'retry',
    action: 'See the log of the name server: it could not read the message.',
  },
  { codes: ['SERVFAIL'], kind: 'retry', action: 'See the log of the name server: it could not do it.' },
  {
    codes: ['NXDOMAIN', 'YXDOMAIN', 'YXRRSET', 'NXRRSET'],
    kind: 'conflict',
    action: 'Nothing: the records are read again. If this lasts, find who else writes this name.',
  },
  {
    codes: ['NOTIMP'],
    kind: 'config',
    action: 'Let the server take dynamic updates, or name the one that does as RFC2136_SERVER.',
  },
  {
    codes: ['REFUSED'],
    kind: 'config',
    action:
      'Allow the key to query and update these names (BIND: update-policy; Knot: acl; PowerDNS: dnsupdate=yes, and for the zone ALLOW-DNSUPDATE-FROM with this address and TSIG-ALLOW-DNSUPDATE with the key), and check RFC2136_SERVER. Windows DNS with secure updates takes GSS-TSIG alone, which is not spoken here.',
  },
  {
    codes: ['NOTAUTH'],
    kind: 'config',
    action:
      'Name the primary server of this zone as RFC2136_SERVER; name@zone in the records states the zone.',
  },
  {
    codes: [UNSIGNED_NOTAUTH],
    kind: 'config',
    action:
      'Check RFC2136_TSIG_NAME, RFC2136_TSIG_SECRET and RFC2136_TSIG_ALGORITHM against the key at the server, and the clocks of both: PowerDNS does not say what is wrong with a signature. If all of that is right, name the primary server of this zone as RFC2136_SERVER.',
  },
  { codes: ['NOTZONE'], kind: 'config', action: 'Write name@zone with the zone that holds the name.' },
  {
    codes: ['BADSIG'],
    kind: 'config',
    action: `Check RFC2136_TSIG_SECRET and RFC2136_TSIG_ALGORITHM against the key at the server. ${RENEWED}`,
  },
  {
    codes: ['BADKEY'],
    kind: 'config',
    action:
      'Check RFC2136_TSIG_NAME and RFC2136_TSIG_ALGORITHM: the server has no such key, or (Knot) its acl does not let it do this: where a site has a cname and Knot signs the zone, update-type needs RRSIG and NSEC.',
  },
  {
    codes: ['BADTIME'],
    kind: 'config',
    action: 'Set the clock of this node or of the name server right: they may be 300 s apart.',
  },
  { codes: ['BADTRUNC'], kind: 'config', action: 'Let the server take signatures of full length.' },
]);

/** An answer without a signature that is no success. */
export function unsignedError(what: string, rcode: number): DnsError {
  const error = rcodeError(what, rcode);
  if (error.code !== 'NOTAUTH') return error;
  const { action } = rowOf(ERROR_TABLE, UNSIGNED_NOTAUTH) ?? error;
  return error.with({ message: `${error.message}, unsigned`, action });
}

export function rcodeError(what: string, rcode: number, names: readonly string[] = []): DnsError {
  const code = RCODES[rcode] ?? `RCODE ${rcode}`;
  const row = rowOf(ERROR_TABLE, code) ?? { kind: 'retry', action: 'See its log.' };
  const about = names.length === 0 ? '' : ` (${names.join(', ')})`;
  return rowError(`the server answered ${what} with ${code}${about}`, row, { code });
}

/** BIND's check-names, on by default for a primary, takes no address at a name with another character than a host name has. */
const CHECK_NAMES = 'An address at a name with "_" is taken by BIND only with check-names ignore.';
/** A key may have the right to some names of a zone (BIND: update-policy): then one of the others has all refused. */
const ABOUT_NAMES: ReadonlySet<string> = new Set(['REFUSED', 'NOTZONE']);

export function updateError(what: string, rcode: number, names: readonly string[]): DnsError {
  const more = names.length - MOST_SHOWN;
  const error = rcodeError(what, rcode, more > 0 ? [...names.slice(0, MOST_SHOWN), `${more} more`] : names);
  const odd = error.code === 'REFUSED' ? names.find((name) => name.includes('_')) : undefined;
  if (odd !== undefined) return error.with({ scope: 'names', action: `${CHECK_NAMES} ${error.action}` });
  return ABOUT_NAMES.has(error.code) ? error.with({ scope: 'names' }) : error;
}

/** Nothing can be written beside what the server answers with. */
export function madeUp({ name, type, values }: RecordSet<WrittenType>): DnsError {
  return nameError(name, {
    kind: 'refused',
    code: 'made-up',
    message: `the server makes up the ${type} of ${name} (${values.join(', ')}) from another record there`,
    action: 'Remove the LUA, ALIAS or similar record of this name, or take the name off the records.',
  });
}

/**
 * PowerDNS compares the texts of its database, in which others may have written an address in any form. A secondary server that
 * passes updates on (RFC 2136 section 6) answers queries from its own copy, which may be an old one.
 */
export function otherForm({ name, type, values }: RecordSet<WrittenType>): DnsError {
  return nameError(name, {
    kind: 'refused',
    code: 'other-form',
    message: `the server answers with the ${type} of ${name} (${values.join(', ')}), and holds it in another form, which no update can name`,
    action:
      'If RFC2136_SERVER is a secondary server that passes updates on, name the primary server instead: it has other records by now. Else write this record once more at the server as it is shown here, or remove it.',
  });
}

/** `code` as the TSIG record of the answer has it. */
export function tsigError(what: string, code: string): DnsError {
  const row = rowOf(ERROR_TABLE, code) ?? SIGNATURE;
  return rowError(`the server did not accept the signature of ${what}: ${code}`, row, { code });
}

const SIGNATURE = {
  kind: 'config',
  action: 'See the log of the name server.',
  waitMs: CONFIG_WAIT_MS,
} as const;

/** `aheadSeconds`: how far our clock is ahead of the server's. */
export function clockError(what: string, aheadSeconds: number): DnsError {
  const apart = `${Math.abs(aheadSeconds)} s ${aheadSeconds > 0 ? 'ahead of' : 'behind'}`;
  const message = `the server did not accept the time of ${what}: this clock is ${apart} the server's`;
  return tsigError(what, 'BADTIME').with({ message });
}

export function answerError(what: string, problem: string): DnsError {
  const action =
    'It is asked again; if this lasts, see what stands between this program and the name server.';
  return untrustedAnswer(what, problem, action);
}
