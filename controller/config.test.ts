import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { type Config, describeConfig, type Environment, formatProblems, loadConfig } from './config.ts';

const EAST = { name: 'us-east', nodeName: 'node-1', ip: '192.0.2.10' };
const WEST = { name: 'us-west', nodeName: 'node-2', ip: '198.51.100.10' };
const SITES = JSON.stringify([EAST, WEST]);
const KEY = '0123456789abcdef0123456789abcdef';
const DNS = { DNS_RECORDS: 'app.example.com', NAMECHEAP_API_USER: 'someone', NAMECHEAP_API_KEY: KEY };

const noFile = (path: string): string => {
  throw new Error(`no file is expected here, not even ${path}`);
};

function loaded(env: Environment, file?: string): Config {
  const result = loadConfig(env, file === undefined ? noFile : () => file);
  assert.ok(result.ok, result.ok ? '' : formatProblems(result.problems));
  return result.config;
}

function problemsOf(env: Environment, file?: string): string[] {
  const result = loadConfig(env, file === undefined ? noFile : () => file);
  assert.ok(!result.ok, 'this configuration must be refused');
  return result.problems.map(({ key, got, problem }) => `${key} | ${got} | ${problem}`);
}

test('two sites are all that has to be said', () => {
  assert.deepEqual(loaded({ SITES }), {
    followers: [
      {
        name: 'default',
        sites: [
          { name: 'us-east', nodeNames: ['node-1'], ip: '192.0.2.10' },
          { name: 'us-west', nodeNames: ['node-2'], ip: '198.51.100.10' },
        ],
        trigger: {
          kind: 'cnpg',
          namespace: 'postgres',
          clusterName: 'pg-cluster',
          preferredPrimaryNode: undefined,
        },
        dns: { provider: 'none' },
      },
    ],
    configMapName: 'kube-site-follower-status',
    resyncSeconds: 10,
    leaderElection: true,
    httpPort: 8080,
    dryRun: false,
    logLevel: 'info',
    namespace: undefined,
    podName: undefined,
  });
});

test('every variable is heard', () => {
  const config = loaded({
    SITES,
    CNPG_NAMESPACE: 'db',
    CNPG_CLUSTER_NAME: 'main',
    PREFERRED_PRIMARY_NODE: 'node-2',
    DNS_PROVIDER: 'namecheap',
    DNS_RECORDS: 'app.example.com, *.example.co.uk ,db.corp.internal@corp.internal',
    DNS_TTL: '300',
    NAMECHEAP_API_USER: 'someone',
    NAMECHEAP_API_KEY: `${KEY}\n`,
    NAMECHEAP_CLIENT_IP: '203.0.113.7',
    NAMECHEAP_API_URL: 'http://127.0.0.1:8081/xml.response',
    CONFIGMAP_NAME: 'status',
    RESYNC_SECONDS: '2',
    LEADER_ELECTION: 'False',
    HTTP_PORT: '0',
    DRY_RUN: 'true',
    LOG_LEVEL: 'debug',
    POD_NAMESPACE: 'site-follower',
    POD_NAME: 'controller-0',
  });
  const [{ dns, trigger }] = config.followers;
  assert.ok(dns.provider === 'namecheap');
  const { apiKey, ...namecheap } = dns.namecheap;
  assert.equal(apiKey.reveal(), KEY, 'the newline of a mounted Secret is no part of the key');
  assert.deepEqual(namecheap, {
    apiUser: 'someone',
    clientIp: '203.0.113.7',
    apiUrl: 'http://127.0.0.1:8081/xml.response',
  });
  assert.deepEqual(dns.records, [
    { name: 'app.example.com', zone: 'example.com' },
    { name: '*.example.co.uk', zone: 'example.co.uk' },
    { name: 'db.corp.internal', zone: 'corp.internal' },
  ]);
  assert.equal(dns.ttl, 300);
  assert.deepEqual(trigger, {
    kind: 'cnpg',
    namespace: 'db',
    clusterName: 'main',
    preferredPrimaryNode: 'node-2',
  });
  const { followers: _, ...rest } = config;
  assert.deepEqual(rest, {
    configMapName: 'status',
    resyncSeconds: 2,
    leaderElection: false,
    httpPort: 0,
    dryRun: true,
    logLevel: 'debug',
    namespace: 'site-follower',
    podName: 'controller-0',
  });
});

test('a site is brought into one form', () => {
  const sites = [
    { ...EAST, nodeNames: ['node-1', 'node-3'], ipv6: '2001:DB8:0::10' },
    { name: 'b', nodeSelector: 'zone in (b, c),!gone', cname: 'Edge.Example.NET.' },
  ];
  assert.deepEqual(loaded({ SITES: JSON.stringify(sites) }).followers[0].sites, [
    { name: 'us-east', nodeNames: ['node-1', 'node-3'], ip: '192.0.2.10', ipv6: '2001:db8::10' },
    { name: 'b', nodeNames: [], nodeSelector: 'zone in (b, c),!gone', cname: 'edge.example.net' },
  ]);
});

test('a blank variable is one that is not set', () => {
  assert.deepEqual(loaded({ SITES, DNS_RECORDS: ' ', DNS_TTL: '', POD_NAME: '\n' }), loaded({ SITES }));
});

test('no records or no provider means no DNS, and nothing of a provider is needed', () => {
  for (const env of [
    { DNS_PROVIDER: 'namecheap' },
    { DNS_PROVIDER: 'none', DNS_RECORDS: 'app.example.com' },
  ]) {
    assert.deepEqual(loaded({ SITES, ...env }).followers[0].dns, { provider: 'none' });
  }
});

test('the preferred node may be one that only a selector can tell', () => {
  const sites = JSON.stringify([EAST, { name: 'b', nodeSelector: 'zone=b', ip: '192.0.2.11' }]);
  const [{ trigger }] = loaded({ SITES: sites, PREFERRED_PRIMARY_NODE: 'node-9' }).followers;
  assert.equal(trigger.preferredPrimaryNode, 'node-9');
});

describe('the file', () => {
  const file = `
followers:
  - sites: ${SITES}
    trigger: { clusterName: main }
    dns: { records: [app.example.com], namecheap: { apiUser: someone, apiKey: ${KEY} } }
resyncSeconds: 5
`;

  test('says the same as variables, which override it', () => {
    const config = loaded({ CONFIG_FILE: 'x.yaml', CNPG_NAMESPACE: 'db', RESYNC_SECONDS: '7' }, file);
    assert.deepEqual(
      inspect(config, { depth: 9 }),
      inspect(
        loaded({ SITES, ...DNS, CNPG_NAMESPACE: 'db', CNPG_CLUSTER_NAME: 'main', RESYNC_SECONDS: '7' }),
        { depth: 9 },
      ),
    );
  });

  test('may be empty', () => {
    assert.deepEqual(loaded({ CONFIG_FILE: 'x.yaml', SITES }, ''), loaded({ SITES }));
  });

  const cases: [name: string, file: string, env: Environment, problems: string[]][] = [
    [
      'a misspelt key, whose value is not shown',
      `followers: [{ sites: ${SITES}, dns: { namecheap: { apikey: ${KEY} } } }]`,
      {},
      [
        'CONFIG_FILE: followers[0].dns.namecheap.apikey | *** | is not a known setting (did you mean apiKey?)',
      ],
    ],
    [
      'wrong values at their places',
      `{ followers: [{ name: A B, sites: [{ name: x, nodeName: n, ip: 1.2.3 }] }], httpPort: "80", dryRun: 1 }`,
      {},
      [
        'CONFIG_FILE: httpPort | 80 | must be a whole number from 0 to 65535',
        'CONFIG_FILE: dryRun | 1 | must be true or false',
        'CONFIG_FILE: followers[0].name | A B | must be 1 to 32 lower-case letters, digits and "-"',
        'CONFIG_FILE: followers[0].sites[0].ip | 1.2.3 | must be an IPv4 address such as 192.0.2.10',
      ],
    ],
    [
      'several followers',
      `{ followers: [{}, {}] }`,
      { SITES },
      ['CONFIG_FILE: followers | [{},{}] | must have exactly one follower in this version'],
    ],
    [
      'a list where a mapping belongs',
      `{ followers: [{ trigger: [1] }] }`,
      { SITES },
      ['CONFIG_FILE: followers[0].trigger | [1] | must be a mapping of keys to values'],
    ],
    [
      'what is no YAML, without the lines around it',
      `followers:\n  - apiKey: "${KEY}\n`,
      { SITES },
      ['CONFIG_FILE | x.yaml | must be YAML: line 3 has MISSING_CHAR'],
    ],
    [
      'a key that is no text, which is not shown',
      `followers: [{ sites: ${SITES}, dns: { namecheap: { apiKey: 123456789 } } }]`,
      {},
      ['CONFIG_FILE: followers[0].dns.namecheap.apiKey | *** | must be the key'],
    ],
  ];
  for (const [name, text, env, problems] of cases) {
    test(`is refused with ${name}`, () => {
      assert.deepEqual(problemsOf({ CONFIG_FILE: 'x.yaml', ...env }, text), problems);
    });
  }

  test('that cannot be read is told with the reason', () => {
    const result = loadConfig({ SITES, CONFIG_FILE: '/nowhere' }, () => {
      throw new Error('ENOENT: no such file');
    });
    assert.ok(!result.ok);
    assert.deepEqual(result.problems, [
      {
        key: 'CONFIG_FILE',
        got: '/nowhere',
        problem: 'must name a file that can be read: ENOENT: no such file',
      },
    ]);
  });
});

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
      'a provider that is not there yet',
      { SITES, DNS_PROVIDER: 'route53' },
      [
        'DNS_PROVIDER | route53 | must be one of namecheap, none; this provider does not exist in this version',
      ],
    ],
    [
      'an unknown provider',
      { SITES, DNS_PROVIDER: 'bind' },
      ['DNS_PROVIDER | bind | must be one of namecheap, none'],
    ],
    [
      'a TTL that the provider refuses',
      { SITES, DNS_TTL: '30' },
      ['DNS_TTL | 30 | must be a whole number from 60 to 60000'],
    ],
    [
      'an API address with credentials',
      { SITES, NAMECHEAP_API_URL: 'https://api.example/?ApiKey=x' },
      [
        'NAMECHEAP_API_URL | https://api.example/?ApiKey=x | must be an http or https URL without user, query and fragment',
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
    test(name, () => assert.deepEqual(problemsOf(env), problems));
  }

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
    };
    const result = loadConfig(env, noFile);
    assert.ok(!result.ok);
    assert.equal(
      formatProblems(result.problems),
      `The configuration has 9 problems:
  HTTP_PORT must be a whole number from 0 to 65535 (got: -1)
  SITES[1] must not have node "node-1", which site [0] has: a node stands in one place (got: {"name":"us-west","nodeName":"node-1","ip":"198.51.100.10"})
  SITES[0].ip must be an IPv4 address such as 192.0.2.10 (got: nowhere)
  CNPG_CLUSTER_NAME must be the name of a Cluster: lower-case letters, digits, "-" and "." (got: Main)
  DNS_RECORDS[1] has no zone that the public suffix list knows: write name@zone (got: localhost)
  DNS_TTL must be a whole number from 60 to 60000 (got: short)
  NAMECHEAP_API_USER is required because records are listed and the provider is namecheap (not set)
  NAMECHEAP_API_KEY is required because records are listed and the provider is namecheap (not set)
  NAMECHEAP_APIKEY is not a known variable (did you mean NAMECHEAP_API_KEY?) (got: ***)`,
    );
  });
});

describe('secrets', () => {
  test('are shown by nothing that shows a configuration', () => {
    const config = loaded({ SITES, ...DNS });
    for (const text of [
      JSON.stringify(config),
      inspect(config, { depth: 9, showHidden: true }),
      JSON.stringify(describeConfig(config)),
      String(config.followers[0].dns.provider === 'namecheap' && config.followers[0].dns.namecheap.apiKey),
    ]) {
      assert.ok(!text.includes(KEY), text);
    }
  });

  test('are masked wherever they were put by mistake, also where the value is cut', () => {
    const problems = problemsOf({ SITES: `${'x'.repeat(60)}${KEY}`, NAMECHEAP_API_KEY: KEY, HTTP_PORT: KEY });
    assert.ok(!problems.join().includes(KEY.slice(0, 8)), problems.join('\n'));
  });

  test('do not fit a control character into the message', () => {
    assert.deepEqual(problemsOf({ SITES, LOG_LEVEL: 'a\n  HTTP_PORT\u2028\u001b[31m' }), [
      'LOG_LEVEL | a   HTTP_PORT [31m | must be one of trace, debug, info, warn, error, fatal, silent',
    ]);
  });
});

test('variables of other programs are none of ours, however near', () => {
  const env = {
    HTTPS_PORT: '1',
    HTTP_PROXY: 'x',
    NODE_NAME: 'n',
    POD_IP: '192.0.2.1',
    LOGLEVEL: 'x',
    DNS_PORT: 'tcp://192.0.2.1:53',
    SITES_SERVICE_HOST: '192.0.2.1',
    CNPG_WEBHOOK_SERVICE_PORT: '443',
    NAMECHEAP_SANDBOX: 'true',
  };
  assert.deepEqual(loaded({ ...env, SITES }), loaded({ SITES }));
});

test('the description tells every variable with its value', () => {
  const described = describeConfig(loaded({ SITES, ...DNS, PREFERRED_PRIMARY_NODE: 'node-1' }));
  assert.equal(described.NAMECHEAP_API_KEY, '***');
  assert.equal(described.PREFERRED_PRIMARY_NODE, 'node-1');
  assert.equal(described.DNS_RECORDS, '[{"name":"app.example.com","zone":"example.com"}]');
  assert.equal(described.NAMECHEAP_CLIENT_IP, '');
  assert.equal(described.HTTP_PORT, '8080');
});
