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
  return result.value;
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
        routing: {
          followServices: true,
          podConditions: true,
          conditionOrder: 'new-site-first',
          nodeLabel: false,
        },
        dns: [],
        notify: [],
      },
    ],
    configMapName: 'kube-site-follower-status',
    resyncSeconds: 10,
    leaderElection: true,
    httpPort: 8080,
    httpHosts: [],
    peers: [],
    dryRun: false,
    logLevel: 'info',
    namespace: undefined,
    podName: undefined,
    proxy: { https: undefined, http: undefined, noProxy: [] },
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
    NAMECHEAP_USER_NAME: 'owner',
    NAMECHEAP_CLIENT_IP: '203.0.113.7',
    NAMECHEAP_API_URL: 'http://127.0.0.1:8081/xml.response',
    CONFIGMAP_NAME: 'status',
    RESYNC_SECONDS: '2',
    LEADER_ELECTION: 'False',
    HTTP_PORT: '0',
    HTTP_HOSTS: 'Status.example.com, page.example.org',
    DRY_RUN: 'true',
    LOG_LEVEL: 'debug',
    POD_NAMESPACE: 'site-follower',
    POD_NAME: 'controller-0',
    NO_PROXY: '.svc, 10.0.0.0/8',
  });
  const [{ dns: sets, trigger }] = config.followers;
  const [dns] = sets;
  assert.ok(dns?.provider === 'namecheap' && sets.length === 1);
  const { apiKey, ...namecheap } = dns.namecheap;
  assert.equal(apiKey?.reveal(), KEY, 'the newline of a mounted Secret is no part of the key');
  assert.deepEqual(namecheap, {
    apiUser: 'someone',
    userName: 'owner',
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
    httpHosts: ['status.example.com', 'page.example.org'],
    peers: [],
    dryRun: true,
    logLevel: 'debug',
    namespace: 'site-follower',
    podName: 'controller-0',
    proxy: { https: undefined, http: undefined, noProxy: ['.svc', '10.0.0.0/8'] },
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
    assert.deepEqual(loaded({ SITES, ...env }).followers[0].dns, []);
  }
});

test('the preferred node may be one that only a selector can tell', () => {
  const sites = JSON.stringify([EAST, { name: 'b', nodeSelector: 'zone=b', ip: '192.0.2.11' }]);
  const [{ trigger }] = loaded({ SITES: sites, PREFERRED_PRIMARY_NODE: 'node-9' }).followers;
  assert.ok(trigger.kind === 'cnpg');
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
        'CONFIG_FILE: httpPort | "80" | must be a whole number from 0 to 65535',
        'CONFIG_FILE: dryRun | 1 | must be true or false',
        'CONFIG_FILE: followers[0].name | A B | must be 1 to 32 lower-case letters, digits and "-"',
        'CONFIG_FILE: followers[0].sites[0].ip | 1.2.3 | must be an IPv4 address such as 192.0.2.10',
      ],
    ],
    ['no follower', `{ followers: [] }`, {}, ['CONFIG_FILE: followers | [] | must have 1 to 16 followers']],
    [
      'a text where a list belongs, once',
      `{ followers: "" }`,
      {},
      ['CONFIG_FILE: followers |  | must be a list of followers'],
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
      {},
      ['CONFIG_FILE | x.yaml | must be YAML: line 3 has MISSING_CHAR'],
    ],
    [
      'a key that stands twice in a mapping',
      `followers:\n  - sites: []\n    trigger: {}\n    sites: [1]\n`,
      {},
      ['CONFIG_FILE | x.yaml | must be YAML: line 4 has DUPLICATE_KEY'],
    ],
    [
      'too many aliases',
      `a: &a [${'1,'.repeat(20)}]\nb: &b [${'*a,'.repeat(20)}]\nc: &c [${'*b,'.repeat(20)}]\nfollowers: [*c]\n`,
      {},
      [
        'CONFIG_FILE | x.yaml | must be YAML without so many aliases: Excessive alias count indicates a resource exhaustion attack',
      ],
    ],
    [
      'a key that is no text, which is not shown',
      `followers: [{ sites: ${SITES}, dns: { namecheap: { apiKey: 123456789 } } }]`,
      {},
      ['CONFIG_FILE: followers[0].dns.namecheap.apiKey | *** | must be the key, without spaces'],
    ],
  ];
  for (const [name, text, env, problems] of cases) {
    test(`is refused with ${name}`, () => {
      assert.deepEqual(problemsOf({ CONFIG_FILE: 'x.yaml', ...env }, text), problems);
    });
  }

  test('that cannot be read is told with the reason', () => {
    const result = loadConfig({ CONFIG_FILE: '/nowhere' }, () => {
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

describe('secrets', () => {
  test('are shown by nothing that shows a configuration', () => {
    const config = loaded({ SITES, ...DNS });
    for (const text of [
      JSON.stringify(config),
      inspect(config, { depth: 9, showHidden: true }),
      JSON.stringify(describeConfig(config)),
      String(
        config.followers[0].dns[0]?.provider === 'namecheap' && config.followers[0].dns[0].namecheap.apiKey,
      ),
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
    FTP_PROXY: 'http://proxy.test:21',
    all_proxy: 'socks5://proxy.test:1080',
    NODE_NAME: 'n',
    POD_IP: '192.0.2.1',
    LOGLEVEL: 'x',
    DNS_PORT: 'tcp://192.0.2.1:53',
    SITES_SERVICE_HOST: '192.0.2.1',
    CNPG_WEBHOOK_SERVICE_PORT: '443',
    NAMECHEAP_SANDBOX: 'true',
    API_KEY: 'x',
    CLUSTER_NAME: 'x',
    CNPG: 'x',
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

describe('proxies', () => {
  test('come from the usual variables, in either case; upper case goes first', () => {
    const config = loaded({
      SITES,
      https_proxy: 'http://lower.test:3128',
      HTTP_PROXY: 'http://ann:s3cret@upper.test:3128',
      http_proxy: 'http://lower.test:3128',
      no_proxy: '.svc, 10.0.0.0/8',
    });
    const { https, http, noProxy } = config.proxy;
    assert.equal(https?.reveal(), 'http://lower.test:3128');
    assert.equal(http?.reveal(), 'http://ann:s3cret@upper.test:3128');
    assert.deepEqual(noProxy, ['.svc', '10.0.0.0/8']);
    assert.doesNotMatch(`${JSON.stringify(describeConfig(config))} ${inspect(config)}`, /s3cret|ann/);
  });

  test('are refused without showing their credentials', () => {
    const problems = problemsOf({ SITES, https_proxy: 'socks5://ann:s3cret@proxy.test:1080' });
    assert.match(problems.join(), /^HTTPS_PROXY \| \*\*\* \| must be the http or https URL of a proxy/);
  });

  test('stand in no file', () => {
    const problems = problemsOf({ SITES, CONFIG_FILE: 'x' }, 'proxy: {https: "http://ann:s3cret@p.test"}');
    assert.match(problems.join(), /^CONFIG_FILE: proxy \| \*\*\* \| is not a known setting/);
  });
});

describe('more that is wrong than anybody reads', () => {
  test('a list with too many items is not looked into', () => {
    const many = JSON.stringify(Array.from({ length: 200_000 }, () => 1));
    const deep = JSON.stringify([
      { ...EAST, nodeNames: Array.from({ length: 20_000 }, (_, index) => index) },
    ]);
    for (const sites of [many, deep]) {
      assert.deepEqual(problemsOf({ SITES: sites }), [
        'SITES | *** | must have at most 20000 values in all its lists and mappings',
      ]);
    }
    assert.match(
      problemsOf({ SITES, HTTP_HOSTS: 'a,'.repeat(100_000) })[0] ?? '',
      /^HTTP_HOSTS .*20000 values/,
    );
  });

  test('after a hundred problems the rest is not looked at', () => {
    const sites = JSON.stringify(Array.from({ length: 1_000 }, () => 1));
    const ofSites = problemsOf({ SITES: sites });
    assert.equal(ofSites.length, 101);
    assert.equal(ofSites.at(-1), 'The rest | 100 problems | was not looked at');
    const keys = Array.from({ length: 20_000 }, (_, index) => `x${index}: 1`).join('\n');
    assert.equal(problemsOf({ SITES, CONFIG_FILE: 'file' }, keys).length, 101);
  });
});
