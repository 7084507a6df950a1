/**
 * Common types of records, without those that follow and those of a signed zone. Source: IANA, Domain Name System
 * Parameters, "Resource Record TYPEs". Only for error messages, as no list is ever complete.
 */
export const OTHER_TYPES: ReadonlyMap<string, number> = new Map([
  ['NS', 2],
  ['PTR', 12],
  ['HINFO', 13],
  ['MX', 15],
  ['TXT', 16],
  ['RP', 17],
  ['AFSDB', 18],
  ['KEY', 25],
  ['LOC', 29],
  ['SRV', 33],
  ['NAPTR', 35],
  ['KX', 36],
  ['CERT', 37],
  ['DNAME', 39],
  ['APL', 42],
  ['DS', 43],
  ['SSHFP', 44],
  ['IPSECKEY', 45],
  ['DHCID', 49],
  ['TLSA', 52],
  ['SMIMEA', 53],
  ['HIP', 55],
  ['CDS', 59],
  ['CDNSKEY', 60],
  ['OPENPGPKEY', 61],
  ['CSYNC', 62],
  ['SVCB', 64],
  ['HTTPS', 65],
  ['SPF', 99],
  ['NID', 104],
  ['L32', 105],
  ['L64', 106],
  ['LP', 107],
  ['EUI48', 108],
  ['EUI64', 109],
  ['URI', 256],
  ['CAA', 257],
  ['AVC', 258],
  ['AMTRELAY', 260],
]);

const NAMES = new Map([...OTHER_TYPES].map(([name, number]) => [number, name]));

/** The name of a type, or its form by RFC 3597 section 5. */
export function typeName(number: number): string {
  return NAMES.get(number) ?? `TYPE${number}`;
}
