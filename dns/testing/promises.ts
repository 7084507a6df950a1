/** What DNS providers promise, with the test that shows it; each has its own in its folder, and docs/dns.md the table. */

export interface Promised {
  readonly says: string;
  /** Below the repository, and the name of a test in it. Absent: there is nothing to show. */
  readonly test?: readonly [file: string, name: string];
}

export const COLUMNS = {
  atomic: 'all or nothing',
  compareAndSet: 'compare-and-set',
  batch: 'in one write',
  calls: 'a move of N names',
  idn: 'IDN',
  apex: 'top of the zone',
  proxied: 'proxied',
  privateZones: 'private zones',
  proxy: 'HTTPS_PROXY',
  ownership: 'ownership',
} as const;
export type Column = keyof typeof COLUMNS;

/** A cell names the test that shows it; every provider passes the same contract. */
export type Promises = Readonly<Record<Column, Promised>>;

const CONTRACT = 'test/support/dns/provider-contract.ts';
const OWNERS = 'test/support/dns/ownership-contract.ts';
const FOLLOWED = 'test/support/dns/follow-contract.ts';
export const MANY = 'test/integration/dns-many.test.ts';
const AT_THE_TOP = 'a CNAME at the top of the zone: flattened, or refused while the address stays';
export const SEVERAL = 'one address for several, and several names at once';
export const NONE: Promised = { says: '–' };
export const proxy: Promised = {
  says: 'yes',
  test: [
    'test/integration/proxies.test.ts',
    'reads and writes go through the proxy, and a failure names it without credentials',
  ],
};

export const bad = (says: string): Promised => ({
  says,
  test: [
    CONTRACT,
    'one bad change among good ones: reported, nothing of others harmed, and right at the next attempt',
  ],
});
export const raced = (says: string): Promised => ({
  says,
  test: [CONTRACT, 'a record that changes meanwhile is left alone'],
});
export const contract = (says: string, name: string): Promised => ({ says, test: [CONTRACT, name] });
export const idn = contract('yes', 'an internationalised name');
export const owners = (says: string): Promised => ({
  says,
  test: [OWNERS, 'of two that take a new name at once one has it in the end'],
});
export const apex = (says: string): Promised => ({ says, test: [FOLLOWED, AT_THE_TOP] });
