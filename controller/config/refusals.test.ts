import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DNS_PROVIDERS } from '../../dns/registry.ts';
import { choiceOf } from '../../settings/schema.ts';
import { type Environment, formatProblems, loadConfig } from '../config.ts';

const EAST = { name: 'us-east', nodeName: 'node-1', ip: '192.0.2.10' };
const WEST = { name: 'us-west', nodeName: 'node-2', ip: '198.51.100.10' };
const SITES = JSON.stringify([EAST, WEST]);
const KEY = '0123456789abcdef0123456789abcdef';
const DNS = { DNS_RECORDS: 'app.example.com', NAMECHEAP_API_USER: 'someone', NAMECHEAP_API_KEY: KEY };

function problemsOf(env: Environment) {
  const result = loadConfig(env, () => '');
  assert.ok(!result.ok, 'this configuration must be refused');
  return result.problems;
}

describe('is refused:', () => {
  const site = (changes: object) => ({ SITES: JSON.stringify([{ ...EAST, ...changes }, WEST]) });
  const must = 'SITES | not set | must be a JSON array of sites: [{"name": …, "nodeName": …, "ip": …}, …]';
  const cases: [name: string, env: Environment, problems: string[]][] = [
    ['no SITES', {}, [must]],
    [
      'SITES that is no JSON',
      { SITES: '[{"name": us-east}]' },
      ['SITES | [{"name": us-east}] | is not JSON: Unexpected token \'u\''],
    ],
    ['SITES that is no array', { SITES: '{}' }, [must.replace('not set', '{}')]],
    ['no site', { SITES: '[]' }, ['SITES | [] | must have at least one site']],
    [
      'a site that is no object',
      { SITES: `[1]` },
      [
        'SITES[0] | 1 | must be an object such as {"name": "us-east", "nodeName": "node-1", "ip": "192.0.2.10"}',
      ],
    ],
    [
      'a site without a name',
      { SITES: JSON.stringify([{ nodeName: 'node-1' }]) },
      ['SITES[0].name | not set | must be the name of the site'],
    ],
    [
      'a name that is no label value',
      site({ name: 'us east\n' }),
      [
        'SITES[0].name | us east  | must be 1 to 63 letters, digits, "-", "_" or ".", with a letter or digit at both ends',
      ],
    ],
    [
      'a misspelt key of a site',
      { SITES: JSON.stringify([{ name: 'a', nodename: 'n', ip: '192.0.2.1' }]) },
      [
        'SITES[0] | {"name":"a","nodename":"n","ip":"192.0.2.1"} | has unknown keys: "nodename" (did you mean nodeName?)',
        'SITES[0] | {"name":"a","nodename":"n","ip":"192.0.2.1"} | must say which nodes it has: one of "nodeName", "nodeNames" and "nodeSelector"',
      ],
    ],
    [
      'a site without nodes',
      { SITES: '[{"name":"a","nodeNames":[]}]' },
      [
        'SITES[0] | {"name":"a","nodeNames":[]} | must say which nodes it has: one of "nodeName", "nodeNames" and "nodeSelector"',
      ],
    ],
    [
      'two sites of one name',
      { SITES: JSON.stringify([EAST, { ...WEST, name: 'us-east' }]) },
      [
        'SITES[1] | {"name":"us-east","nodeName":"node-2","ip":"198.51.100.10"} | must not be named "us-east" like site [0]',
      ],
    ],
    [
      'two sites with one node',
      { SITES: JSON.stringify([EAST, { name: 'b', nodeNames: ['node-3', 'node-1'] }]) },
      [
        'SITES[1] | {"name":"b","nodeNames":["node-3","node-1"]} | must not have node "node-1", which site [0] has: a node stands in one place',
      ],
    ],
    [
      'an IP that is none',
      site({ ip: '192.0.2.300' }),
      ['SITES[0].ip | 192.0.2.300 | must be an IPv4 address such as 192.0.2.10'],
    ],
    [
      'an IP with a leading zero',
      site({ ip: '192.0.02.1' }),
      ['SITES[0].ip | 192.0.02.1 | must be an IPv4 address such as 192.0.2.10'],
    ],
    [
      'an IPv6 address in ip',
      site({ ip: '2001:db8::1' }),
      ['SITES[0].ip | 2001:db8::1 | must be an IPv4 address; an IPv6 address belongs in "ipv6"'],
    ],
    [
      'an IPv4 address in ipv6',
      site({ ipv6: '192.0.2.1' }),
      ['SITES[0].ipv6 | 192.0.2.1 | must be an IPv6 address; an IPv4 address belongs in "ip"'],
    ],
    [
      'an IPv6 address with a scope',
      site({ ipv6: 'fe80::1%eth0' }),
      ['SITES[0].ipv6 | fe80::1%eth0 | must be an IPv6 address such as 2001:db8::10'],
    ],
    ...[
      ['ip', '127.0.0.1', 'must be an address of the site: by this one each client calls itself'],
      ['ip', '169.254.1.2', 'must be an address that is known beyond one network segment'],
      ['ip', '239.1.2.3', 'must be the address of a host'],
      ['ipv6', '::1', 'must be an address of the site: by this one each client calls itself'],
      ['ipv6', 'FE80::1', 'must be an address that is known beyond one network segment'],
      ['ipv6', 'fec0::1', 'must be an address that is known beyond one network segment'],
      ['ipv6', 'feff:ffff::1', 'must be an address that is known beyond one network segment'],
      ['ipv6', '2002:7f00:1::1', 'must be an address of the site: by this one each client calls itself'],
      ['ipv6', '64:ff9b::127.0.0.1', 'must be an address of the site: by this one each client calls itself'],
      ['ipv6', '64:FF9B::7f12:1', 'must be an address of the site: by this one each client calls itself'],
      ['ipv6', '2002:a9fe:a9fe::', 'must be an address that is known beyond one network segment'],
      ['ipv6', '64:ff9b::169.254.1.1', 'must be an address that is known beyond one network segment'],
      ['ipv6', '2002::1', 'must be the address of a host'],
      ['ipv6', '2002:e000:1::1', 'must be the address of a host'],
      ['ipv6', '64:ff9b::', 'must be the address of a host'],
      ['ipv6', '64:ff9b::239.1.2.3', 'must be the address of a host'],
      [
        'ipv6',
        '::ffff:192.0.2.1',
        'must be no IPv4 address in the form of IPv6, which nobody can call: that belongs in "ip"',
      ],
      [
        'ipv6',
        '::127.0.0.1',
        'must be no IPv4 address in the form of IPv6, which nobody can call: that belongs in "ip"',
      ],
    ].map(([key = '', address = '', problem = '']): [string, Environment, string[]] => [
      `${address}, which no client can reach`,
      site({ [key]: address }),
      [`SITES[0].${key} | ${address} | ${problem}`],
    ]),
    ['an IP of no host', site({ ip: '0.0.0.0' }), ['SITES[0].ip | 0.0.0.0 | must be the address of a host']],
    [
      'an IP that is a number',
      site({ ip: 3 }),
      ['SITES[0].ip | 3 | must be an IPv4 address in quotes, such as "192.0.2.10"'],
    ],
    [
      'a cname beside an address',
      { SITES: JSON.stringify([{ ...EAST, cname: 'a.example' }]) },
      [
        'SITES[0] | {"name":"us-east","nodeName":"node-1","ip":"192.0.2.10","cname":"a.example"} | must have either "cname" or addresses: a name with a CNAME can have no other record',
      ],
    ],
    [
      'a cname that is an address',
      { SITES: '[{"name":"a","nodeName":"n","cname":"192.0.2.1"}]' },
      ['SITES[0].cname | 192.0.2.1 | must be a host name such as east.example.com'],
    ],
    ...[
      ['localhost', 'must be a name of the site: by this one each client calls itself'],
      ['App.localhost.', 'must be a name of the site: by this one each client calls itself'],
      ['com', 'must be a host name such as east.example.com, and not a whole top-level domain'],
      ['рф', 'must be a host name such as east.example.com, and not a whole top-level domain'],
    ].map(([cname = '', problem = '']): [string, Environment, string[]] => [
      `the cname ${cname}`,
      { SITES: JSON.stringify([{ name: 'a', nodeName: 'n', cname }]) },
      [`SITES[0].cname | ${cname} | ${problem}`],
    ]),
    [
      'a selector that is none',
      site({ nodeSelector: 'zone=a b' }),
      ['SITES[0].nodeSelector | zone=a b | must be a label selector: "zone=a b" has no valid label key'],
    ],
    [
      'a node name that is none',
      site({ nodeName: 'Node_1' }),
      ['SITES[0].nodeName | Node_1 | must be the name of a node as `kubectl get nodes` shows it'],
    ],
    [
      'a preferred node in no site',
      { SITES, PREFERRED_PRIMARY_NODE: 'node-3' },
      ['PREFERRED_PRIMARY_NODE | node-3 | must be a node of one of the sites'],
    ],
    [
      'a record without a zone',
      { SITES, ...DNS, DNS_RECORDS: 'app.example.com,db.internal' },
      ['DNS_RECORDS[1] | db.internal | has no zone that the public suffix list knows: write name@zone'],
    ],
    [
      'a record with a missing key',
      { SITES, DNS_RECORDS: 'app.example.com', NAMECHEAP_API_USER: 'someone' },
      ['NAMECHEAP_API_KEY | not set | is required because records are listed and the provider is namecheap'],
    ],
    [
      'records for a site without an address',
      { ...DNS, SITES: JSON.stringify([EAST, { name: 'b', nodeName: 'node-2' }]) },
      ['DNS_RECORDS | app.example.com | cannot follow to site "b", which has no "ip", "ipv6" or "cname"'],
    ],
    [
      'a cname at the top of a zone',
      {
        ...DNS,
        DNS_RECORDS: 'example.com',
        SITES: JSON.stringify([EAST, { name: 'b', nodeName: 'node-2', cname: 'b.example.net' }]),
      },
      [
        'DNS_RECORDS | example.com | has example.com, the top of its zone, where the "cname" of site "b" cannot stand',
      ],
    ],
    [
      'a cname to the record itself',
      { ...DNS, SITES: JSON.stringify([EAST, { name: 'b', nodeName: 'node-2', cname: 'app.example.com' }]) },
      ['DNS_RECORDS | app.example.com | has app.example.com, which is itself the "cname" of site "b"'],
    ],
    [
      'an unknown provider',
      { SITES, DNS_PROVIDER: 'bind' },
      [
        `DNS_PROVIDER | bind | must be one of ${choiceOf(DNS_PROVIDERS)
          .options.map(({ name }) => name)
          .join(', ')}`,
      ],
    ],
    [
      'a TTL that the provider refuses',
      { SITES, ...DNS, DNS_TTL: '30' },
      ['DNS_TTL | 30 | must be from 60 to 60000: namecheap takes no other'],
    ],
    [
      'a TTL that no provider takes',
      { SITES, DNS_TTL: '-1' },
      ['DNS_TTL | -1 | must be a whole number from 0 to 2147483647'],
    ],
    [
      'an API address with credentials',
      { SITES, NAMECHEAP_API_URL: 'https://api.example/?ApiKey=x' },
      [
        'NAMECHEAP_API_URL | https://api.example/?*** | must be an http or https URL without user, query and fragment',
      ],
    ],
    [
      'a period of nothing',
      { SITES, RESYNC_SECONDS: '0' },
      ['RESYNC_SECONDS | 0 | must be a whole number from 1 to 3600'],
    ],
    [
      'a fraction',
      { SITES, RESYNC_SECONDS: '1.5' },
      ['RESYNC_SECONDS | 1.5 | must be a whole number from 1 to 3600'],
    ],
    ['a flag that is neither', { SITES, DRY_RUN: 'yes' }, ['DRY_RUN | yes | must be true or false']],
    [
      'a level that is none',
      { SITES, LOG_LEVEL: 'loud' },
      ['LOG_LEVEL | loud | must be one of trace, debug, info, warn, error, fatal, silent'],
    ],
    [
      'a misspelt variable, whose value is not shown',
      { SITES, ...DNS, NAMECHEAP_APIKEY: KEY },
      ['NAMECHEAP_APIKEY | *** | is not a known variable (did you mean NAMECHEAP_API_KEY?)'],
    ],
    [
      'a namespace that is none',
      { SITES, CNPG_NAMESPACE: 'a.b' },
      ['CNPG_NAMESPACE | a.b | must be the name of a namespace: 1 to 63 lower-case letters, digits and "-"'],
    ],
  ];
  for (const [name, env, problems] of cases) {
    test(name, () => {
      const got = problemsOf(env).map(({ key, got, problem }) => `${key} | ${got} | ${problem}`);
      assert.deepEqual(got, problems);
    });
  }

  const misspelt: [name: string, meant: string][] = [
    ['DRYRUN', 'DRY_RUN'],
    ['DRY-RUN', 'DRY_RUN'],
    ['DRY_RUNN', 'DRY_RUN'],
    ['dry_run', 'DRY_RUN'],
    ['SITE', 'SITES'],
    ['CONFIGFILE', 'CONFIG_FILE'],
    ['CNPG_CLUSTER', 'CNPG_CLUSTER_NAME'],
    ['NAMECHEAP_KEY', 'NAMECHEAP_API_KEY'],
    ['PREFERRED_NODE', 'PREFERRED_PRIMARY_NODE'],
  ];
  for (const [name, meant] of misspelt) {
    test(`${name} for ${meant}`, () => {
      const problem = `is not a known variable (did you mean ${meant}?)`;
      assert.deepEqual(problemsOf({ SITES, [name]: 'true' }), [{ key: name, got: '***', problem }]);
    });
  }

  test('also what goes together, beside values after which a schema looks no further', () => {
    const lists = {
      fraction: `resyncSeconds: 1.5`,
      targets: `followers: [{ notify: [${'{},'.repeat(9)}] }]`,
      members: `followers: [{ trigger: { kind: mongodb, members: [${'x,'.repeat(51)}] } }]`,
    };
    for (const [what, file] of Object.entries(lists)) {
      const env = { SITES, DNS_RECORDS: 'app.example.com', CONFIG_FILE: 'x.yaml' };
      const result = loadConfig(env, () => file);
      assert.ok(!result.ok);
      const missing = result.problems.filter(({ problem }) => problem.startsWith('is required because'));
      assert.equal(missing.length, 2, `${what}: ${formatProblems(result.problems)}`);
    }
  });

  test('everything at once', () => {
    const env = {
      SITES: JSON.stringify([
        { ...EAST, ip: 'nowhere' },
        { ...WEST, nodeName: 'node-1' },
      ]),
      DNS_RECORDS: 'app.example.com,localhost',
      DNS_TTL: 'short',
      CNPG_CLUSTER_NAME: 'Main',
      NAMECHEAP_APIKEY: KEY,
      HTTP_PORT: '-1',
      HTTP_HOSTS: 'page.example.org, https://page.example.org/',
    };
    assert.equal(
      formatProblems(problemsOf(env)),
      `The configuration has 10 problems:
  HTTP_PORT must be a whole number from 0 to 65535 (got: -1)
  HTTP_HOSTS[1] must be a host name, without port and path (got: https://page.example.org/)
  SITES[1] must not have node "node-1", which site [0] has: a node stands in one place (got: {"name":"us-west","nodeName":"node-1","ip":"198.51.100.10"})
  SITES[0].ip must be an IPv4 address such as 192.0.2.10 (got: nowhere)
  CNPG_CLUSTER_NAME must be the name of a Cluster: lower-case letters, digits, "-" and "." (got: Main)
  DNS_RECORDS[1] has no zone that the public suffix list knows: write name@zone (got: localhost)
  DNS_TTL must be a whole number from 0 to 2147483647 (got: short)
  NAMECHEAP_API_USER is required because records are listed and the provider is namecheap (not set)
  NAMECHEAP_API_KEY is required because records are listed and the provider is namecheap (not set)
  NAMECHEAP_APIKEY is not a known variable (did you mean NAMECHEAP_API_KEY?) (got: ***)`,
    );
  });
});
