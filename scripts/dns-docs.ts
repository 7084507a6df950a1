/** What each DNS provider promises, with the test that shows it; docs/dns.md has it as a table. */
import { ERRORS, errorTable } from './dns-errors.ts';
import { code, table } from './markdown.ts';

export interface Promised {
  readonly says: string;
  /** Below the repository, and the name of a test in it. Absent: there is nothing to show. */
  readonly test?: readonly [file: string, name: string];
}

const COLUMNS = {
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
type Column = keyof typeof COLUMNS;

const CONTRACT = 'test/support/dns/provider-contract.ts';
const OWNERS = 'test/support/dns/ownership-contract.ts';
const FOLLOWED = 'test/support/dns/follow-contract.ts';
const MANY = 'test/integration/dns-many.test.ts';
const ROUTE53 = 'test/integration/route53.test.ts';
const NAMECHEAP = 'dns/namecheap/provider.test.ts';
const AT_THE_TOP = 'a CNAME at the top of the zone: flattened, or refused while the address stays';
const SEVERAL = 'one address for several, and several names at once';
const NONE: Promised = { says: '–' };
const proxy: Promised = {
  says: 'yes',
  test: [
    'test/integration/proxies.test.ts',
    'reads and writes go through the proxy, and a failure names it without credentials',
  ],
};

const bad = (says: string): Promised => ({
  says,
  test: [
    CONTRACT,
    'one bad change among good ones: reported, nothing of others harmed, and right at the next attempt',
  ],
});
const raced = (says: string): Promised => ({
  says,
  test: [CONTRACT, 'a record that changes meanwhile is left alone'],
});
const contract = (says: string, name: string): Promised => ({ says, test: [CONTRACT, name] });
const idn = contract('yes', 'an internationalised name');
const owners = (says: string): Promised => ({
  says,
  test: [OWNERS, 'of two that take a new name at once one has it in the end'],
});
const apex = (says: string): Promised => ({ says, test: [FOLLOWED, AT_THE_TOP] });

/** Every provider passes the same contract; a cell names the test in it that is about that. */
export const PROMISES: Readonly<Record<string, Readonly<Record<Column, Promised>>>> = {
  namecheap: {
    atomic: bad('the whole zone'),
    compareAndSet: raced('no: read right before, and read back'),
    batch: {
      says: 'the zone, 150 records',
      test: ['dns/namecheap/refusals.test.ts', 'trap 10: the zone is full'],
    },
    calls: {
      says: '3 or 4 calls',
      test: [
        NAMECHEAP,
        'a move takes three calls, four when its turn was waited for; the count is asked for only until it agrees',
      ],
    },
    idn,
    apex: apex('addresses'),
    proxied: NONE,
    privateZones: NONE,
    proxy,
    ownership: owners('yes, read right before: of two at once one gives way at its next read'),
  },
  cloudflare: {
    atomic: bad('each batch'),
    compareAndSet: raced('no: read right before, and read back'),
    batch: { says: '200 records', test: [MANY, 'cloudflare, a fake'] },
    calls: { says: '11 calls for 1,000', test: [MANY, 'cloudflare, a fake'] },
    idn,
    apex: apex('addresses and CNAME'),
    proxied: { says: 'stays so', test: ['dns/cloudflare/hidden.test.ts', 'a proxied record'] },
    privateZones: NONE,
    proxy,
    ownership: owners('yes, read right before: of two at once one gives way at its next read'),
  },
  route53: {
    atomic: bad('each batch'),
    compareAndSet: raced('yes'),
    batch: { says: '400 names', test: [MANY, 'route53, moto'] },
    calls: { says: '11 calls for 1,000', test: [MANY, 'route53, moto'] },
    idn,
    apex: apex('addresses'),
    proxied: NONE,
    privateZones: {
      says: 'yes',
      test: [ROUTE53, 'the public and the private zone of one name are told apart'],
    },
    proxy,
    ownership: owners('yes, of two at once one is refused'),
  },
  rfc2136: {
    atomic: bad('each message'),
    compareAndSet: raced('yes'),
    batch: { says: '60 kB, some 400 names', test: [MANY, 'rfc2136, BIND 9'] },
    calls: { says: 'some round trips', test: [MANY, 'rfc2136, PowerDNS'] },
    idn,
    apex: apex('addresses'),
    proxied: NONE,
    privateZones: contract('yes', 'what was accepted can be seen'),
    proxy: NONE,
    ownership: owners('yes, of two at once one is refused'),
  },
  'external-dns': {
    atomic: bad('one object'),
    compareAndSet: raced('yes, of the object'),
    batch: contract('all', SEVERAL),
    calls: contract('one write', SEVERAL),
    idn,
    apex: apex('addresses'),
    proxied: {
      says: 'stays so',
      test: ['dns/external-dns/provider.test.ts', 'of a proxied record the name servers say nothing'],
    },
    privateZones: contract('as ExternalDNS', 'what was accepted can be seen'),
    proxy: NONE,
    ownership: {
      says: 'that of ExternalDNS',
      test: [
        'test/external-dns/external-dns.test.ts',
        'becomes a record, is seen there, and moves with the primary; nothing else of the zone changes',
      ],
    },
  },
  webhook: {
    atomic: bad('as the provider'),
    compareAndSet: raced('no: read right before, and read back'),
    batch: contract('all', SEVERAL),
    calls: contract('one write', SEVERAL),
    idn,
    apex: apex('addresses'),
    proxied: {
      says: 'stays so',
      test: ['test/integration/webhook-provider.test.ts', 'of a proxied record the provider alone can tell'],
    },
    privateZones: contract('as the provider', 'what was accepted can be seen'),
    proxy,
    ownership: owners('yes, read right before: of two at once one gives way at its next read'),
  },
};

const END = '<!-- Its end. -->';

/** `text` of docs/dns.md with its tables as they are now. */
export function withTables(text: string): string {
  const errors = [...ERRORS].map(([provider, rows]) => ({
    from: `dns/${provider}/errors.ts`,
    content: errorTable(rows),
  }));
  return [{ from: 'scripts/dns-docs.ts', content: providerTable() }, ...errors].reduce(withTable, text);
}

function withTable(text: string, { from, content }: { from: string; content: string }): string {
  const begin = `<!-- The table is generated by \`npm run docs\` from ${from}. -->`;
  const [before, rest] = text.split(begin);
  const end = rest?.indexOf(END) ?? -1;
  if (before === undefined || rest === undefined || end < 0)
    throw new Error(`docs/dns.md lacks ${begin} or ${END}`);
  return `${before}${begin}\n\n${content}\n\n${rest.slice(end)}`;
}

/** Each cell leads to its test, and has the test's name as its title. */
function providerTable(): string {
  const rows = Object.entries(PROMISES).map(([provider, cells]) => [
    code(provider),
    ...columns().map((column) => shown(cells[column])),
  ]);
  return table(['', ...Object.values(COLUMNS)], rows);
}

function shown({ says, test }: Promised): string {
  return test === undefined ? says : `[${says}](../${test[0]} "${test[1]}")`;
}

function columns(): readonly Column[] {
  return Object.keys(COLUMNS) as Column[];
}
