/**
 * Types of records that people keep at names, beside those that follow and those of a signed zone; as IANA has them
 * (Domain Name System Parameters, "Resource Record TYPEs").
 */
export const OTHER_TYPES: ReadonlyMap<string, number> = new Map([
  ['NS', 2],
  ['PTR', 12],
  ['HINFO', 13],
  ['MX', 15],
  ['TXT', 16],
  ['RP', 17],
  ['AFSDB', 18],
  ['LOC', 29],
  ['SRV', 33],
  ['NAPTR', 35],
  ['DNAME', 39],
  ['DS', 43],
  ['SSHFP', 44],
  ['TLSA', 52],
  ['SMIMEA', 53],
  ['CDS', 59],
  ['CDNSKEY', 60],
  ['OPENPGPKEY', 61],
  ['SVCB', 64],
  ['HTTPS', 65],
  ['SPF', 99],
  ['URI', 256],
  ['CAA', 257],
]);
