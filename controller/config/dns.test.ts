import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DNS_PROVIDERS } from '../../dns/registry.ts';
import { choiceOf } from '../../settings/schema.ts';
import { type DnsConfig, type Environment, formatProblems, loadConfig } from '../config.ts';

const SITES = JSON.stringify([
  { name: 'us-east', nodeName: 'node-1', ip: '192.0.2.10' },
  { name: 'us-west', nodeName: 'node-2', ip: '198.51.100.10' },
]);
const TOKEN = 'Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Z';
const TSIG = 'c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0';
const RFC2136 = {
  DNS_PROVIDER: 'rfc2136',
  DNS_RECORDS: 'app.example.com',
  RFC2136_SERVER: 'ns1.example.com',
  RFC2136_TSIG_NAME: 'Key.Example.',
  RFC2136_TSIG_SECRET: TSIG,
};

type Files = Readonly<Record<string, string>>;

function load(env: Environment, dns?: string, files: Files = {}) {
  const file = `followers:\n  - sites: ${SITES}\n    dns: ${dns}`;
  const all: Files = { '/config': file, ...files };
  const sites = dns === undefined ? { SITES } : { CONFIG_FILE: '/config' };
  return loadConfig({ ...sites, ...env }, (path) => {
    const text = all[path];
    if (text === undefined) throw new Error(`ENOENT: no such file, open '${path}'`);
    return text;
  });
}

function loaded(...args: Parameters<typeof load>): readonly DnsConfig[] {
  const result = load(...args);
  assert.ok(result.ok, result.ok ? '' : formatProblems(result.problems));
  return result.value.followers[0].dns;
}

function problems(...args: Parameters<typeof load>): string[] {
  const result = load(...args);
  assert.ok(!result.ok, 'this configuration must be refused');
  return result.problems.map(({ key, got, problem }) => `${key} | ${got} | ${problem}`);
}

describe('a provider by variables', () => {
  test('rfc2136', () => {
    const [dns] = loaded(RFC2136);
    assert.ok(dns?.provider === 'rfc2136');
    const { tsigSecret, ...rest } = dns.rfc2136;
    assert.equal(tsigSecret?.reveal(), TSIG);
    assert.deepEqual(rest, {
      server: { host: 'ns1.example.com', port: 53 },
      tsigName: 'key.example',
      tsigAlgorithm: 'hmac-sha256',
    });
  });

  test('cloudflare, with name servers to ask', () => {
    const env = { DNS_PROVIDER: 'cloudflare', CLOUDFLARE_API_TOKEN: TOKEN, DNS_RECORDS: 'app.example.com' };
    const [dns] = loaded({ ...env, DNS_NAME_SERVERS: '192.0.2.53, 2001:db8::53,[2001:db8::54]:5353' });
    assert.ok(dns?.provider === 'cloudflare');
    assert.deepEqual(dns.nameServers, ['192.0.2.53:53', '[2001:db8::53]:53', '[2001:db8::54]:5353']);
    assert.equal(dns.cloudflare.apiToken?.reveal(), TOKEN);
  });

  for (const [text, server] of [
    ['192.0.2.53', { host: '192.0.2.53', port: 53 }],
    ['192.0.2.53:5353', { host: '192.0.2.53', port: 5353 }],
    ['2001:db8::53', { host: '2001:db8::53', port: 53 }],
    ['[2001:db8::53]:5353', { host: '2001:db8::53', port: 5353 }],
    ['ns1:5353', { host: 'ns1', port: 5353 }],
    ['NS1.bücher.example.', { host: 'ns1.xn--bcher-kva.example', port: 53 }],
  ] as const) {
    test(`the server ${text}`, () => {
      const [dns] = loaded({ ...RFC2136, RFC2136_SERVER: text });
      assert.deepEqual(dns?.provider === 'rfc2136' && dns.rfc2136.server, server);
    });
  }
});

describe('zones below a registered name', () => {
  const cname = [{ name: 'east', nodeName: 'node-1', cname: 'east.example.net' }];
  const env = {
    SITES: JSON.stringify(cname),
    DNS_RECORDS: 'sub.example.co.uk@sub.example.co.uk, www.example.co.uk',
  };

  test('Namecheap keeps their records in the registered one', () => {
    const [dns] = loaded({ ...env, NAMECHEAP_API_USER: 'someone', NAMECHEAP_API_KEY: '0123456789abcdef' });
    assert.deepEqual(dns?.records, [
      { name: 'sub.example.co.uk', zone: 'example.co.uk' },
      { name: 'www.example.co.uk', zone: 'example.co.uk' },
    ]);
  });

  test('elsewhere they are zones, with a top of their own', () => {
    const [problem] = problems({ ...env, ...RFC2136, DNS_RECORDS: env.DNS_RECORDS });
    assert.match(problem ?? '', /sub\.example\.co\.uk, the top of its zone/);
  });
});

describe('is refused, with the key:', () => {
  const secret = { got: '***' };
  const cases: [what: string, env: Environment, expected: string[]][] = [
    [
      'nothing but the provider',
      { DNS_PROVIDER: 'rfc2136', DNS_RECORDS: 'app.example.com' },
      ['RFC2136_SERVER', 'RFC2136_TSIG_NAME', 'RFC2136_TSIG_SECRET'].map(
        (key) => `${key} | not set | is required because records are listed and the provider is rfc2136`,
      ),
    ],
    [
      'a secret that is no base64',
      { ...RFC2136, RFC2136_TSIG_SECRET: 'not base64!' },
      [`RFC2136_TSIG_SECRET | ${secret.got} | must be the key in base64`],
    ],
    [
      'an algorithm that is too weak',
      { ...RFC2136, RFC2136_TSIG_ALGORITHM: 'hmac-md5' },
      ['RFC2136_TSIG_ALGORITHM | hmac-md5 | must be hmac-sha256, hmac-sha384 or hmac-sha512'],
    ],
    [
      'a server that is an URL',
      { ...RFC2136, RFC2136_SERVER: 'tcp://ns1:53' },
      [
        'RFC2136_SERVER | tcp://ns1:53 | must be a host name or address, with a port if it is not 53, such as ns1.example.com:53',
      ],
    ],
    [
      'a port that is none',
      { ...RFC2136, RFC2136_SERVER: 'ns1:70000' },
      [
        'RFC2136_SERVER | ns1:70000 | must be a host name or address, with a port if it is not 53, such as ns1.example.com:53',
      ],
    ],
    [
      'a name server that is a name',
      { ...RFC2136, DNS_NAME_SERVERS: '192.0.2.53,ns1.example.com' },
      [
        'DNS_NAME_SERVERS[1] | ns1.example.com | must be the address of a name server, with a port if it is not 53, such as 192.0.2.53',
      ],
    ],
    [
      'a global API key for a token',
      { DNS_PROVIDER: 'cloudflare', DNS_RECORDS: 'app.example.com', CLOUDFLARE_API_TOKEN: 'short key' },
      ['CLOUDFLARE_API_TOKEN | *** | must be an API token (not a global API key)'],
    ],
    [
      'the settings of two providers',
      { ...RFC2136, CLOUDFLARE_API_TOKEN: TOKEN },
      ['CLOUDFLARE_API_TOKEN | *** | is a setting of provider cloudflare, but the provider is rfc2136'],
    ],
    [
      'a secret twice',
      { ...RFC2136, RFC2136_TSIG_SECRET_FILE: '/tsig' },
      [
        'RFC2136_TSIG_SECRET_FILE | /tsig | must not be set beside RFC2136_TSIG_SECRET: both give the same value',
      ],
    ],
  ];
  for (const [what, env, expected] of cases) {
    test(what, () => assert.deepEqual(problems(env), expected));
  }
});

describe('a secret in a file', () => {
  const { RFC2136_TSIG_SECRET: _, ...withoutSecret } = RFC2136;
  const env = { ...withoutSecret, RFC2136_TSIG_SECRET_FILE: '/tsig' };

  test('is read, and read again when it is needed', () => {
    const files: Record<string, string> = { '/tsig': `${TSIG}\n` };
    const [dns] = loaded(env, undefined, files);
    assert.ok(dns?.provider === 'rfc2136');
    assert.equal(dns.rfc2136.tsigSecret?.reveal(), TSIG);
  });

  test('or in a variable, by reference from the configuration file', () => {
    const entry = (secret: string) =>
      `{ provider: rfc2136, records: [app.example.com], rfc2136: { server: ns1, tsigName: k, tsigSecret: ${secret} } }`;
    for (const secret of [`'${TSIG}'`, '{ env: MY_TSIG }', '{ file: /tsig }']) {
      const [dns] = loaded({ MY_TSIG: TSIG }, entry(secret), { '/tsig': TSIG });
      assert.equal(dns?.provider === 'rfc2136' && dns.rfc2136.tsigSecret?.reveal(), TSIG, secret);
    }
    assert.deepEqual(problems({}, entry('{ env: MY_TSIG }')), [
      'CONFIG_FILE: followers[0].dns.rfc2136.tsigSecret | *** | refers to the variable MY_TSIG, which is not set',
    ]);
    assert.deepEqual(problems({}, entry('{ path: /tsig }')), [
      'CONFIG_FILE: followers[0].dns.rfc2136.tsigSecret | *** | must be {"env": "VARIABLE"} or {"file": "/path"}',
    ]);
  });

  test('that cannot be read, is empty or wrong is refused, and nothing of it shown', () => {
    assert.deepEqual(problems(env), [
      "RFC2136_TSIG_SECRET_FILE | /tsig | refers to the file /tsig, which cannot be read: ENOENT: no such file, open '/tsig'",
    ]);
    assert.deepEqual(problems(env, undefined, { '/tsig': ' \n' }), [
      'RFC2136_TSIG_SECRET_FILE | /tsig | refers to the file /tsig, which is empty',
    ]);
    assert.deepEqual(problems(env, undefined, { '/tsig': 'no base64!' }), [
      'RFC2136_TSIG_SECRET_FILE | *** | must be the key in base64',
    ]);
  });
});

describe('several record sets', () => {
  const cloudflare = '{ provider: cloudflare, records: [app.example.com] }';
  const rfc2136 =
    '{ provider: rfc2136, records: [app.example.com], rfc2136: { server: 192.0.2.53, tsigName: k } }';

  test('each with its provider; a variable speaks of the first that can hear it', () => {
    const env = { CLOUDFLARE_API_TOKEN: TOKEN, RFC2136_TSIG_SECRET: TSIG, DNS_TTL: '120' };
    const sets = loaded(env, `[${rfc2136}, ${cloudflare}]`);
    assert.deepEqual(
      sets.map(({ provider, ttl }) => [provider, ttl]),
      [
        ['rfc2136', 120],
        ['cloudflare', 60],
      ],
    );
  });

  test('two of one provider need names, and the second its own secret', () => {
    const two = (name: string) => `[${cloudflare}, { name: ${name}, ${cloudflare.slice(1)}]`;
    const env = { CLOUDFLARE_API_TOKEN: TOKEN };
    assert.deepEqual(problems(env, `[${cloudflare}, ${cloudflare}]`), [
      'CONFIG_FILE: followers[0].dns[1].name | cloudflare | must differ from that of the other record sets: give each a name',
      'CONFIG_FILE: followers[0].dns[1].cloudflare.apiToken | not set | is required because records are listed and the provider is cloudflare',
    ]);
    assert.equal(problems(env, two('other')).length, 1);
    const own = two('other').replace(/ \}\]$/, `, cloudflare: { apiToken: { env: OTHER_TOKEN } } }]`);
    assert.deepEqual(
      loaded({ ...env, OTHER_TOKEN: TOKEN }, own).map(({ name, provider }) => name ?? provider),
      ['cloudflare', 'other'],
    );
  });

  test('a TTL as short as the provider takes', () => {
    const env = { CLOUDFLARE_API_TOKEN: TOKEN };
    for (const [provider, least] of [
      ['cloudflare', 30],
      ['route53', 0],
    ] as const) {
      const set = (ttl: number) => `[{ provider: ${provider}, ttl: ${ttl}, records: [app.example.com] }]`;
      assert.equal(loaded(env, set(least))[0]?.ttl, least);
      if (least > 0)
        assert.match(problems(env, set(least - 1)).join(), /must be from 30 to 86400: cloudflare takes/);
    }
  });

  test('a CNAME at the top of a zone only where the provider flattens it; targets in any form', () => {
    const env = {
      SITES: JSON.stringify([
        { name: 'us-east', nodeName: 'node-1', ip: '192.0.2.10' },
        { name: 'us-west', nodeName: 'node-2', cname: '_West.Bücher.example.' },
      ]),
      DNS_RECORDS: 'example.com',
      CLOUDFLARE_API_TOKEN: TOKEN,
    };
    const result = load({ ...env, DNS_PROVIDER: 'cloudflare' });
    assert.ok(result.ok, result.ok ? '' : formatProblems(result.problems));
    assert.equal(result.value.followers[0].sites[1]?.cname, '_west.xn--bcher-kva.example');
    assert.match(
      problems({ ...env, DNS_PROVIDER: 'route53', CLOUDFLARE_API_TOKEN: '' }).join(),
      /top of its zone/,
    );
  });

  test('that are wrong are reported by their place', () => {
    assert.deepEqual(
      problems(
        { CLOUDFLARE_API_TOKEN: TOKEN },
        `[${cloudflare}, { provider: bind, ttl: -1, records: [localhost] }]`,
      ),
      [
        `CONFIG_FILE: followers[0].dns[1].provider | bind | must be one of ${choiceOf(DNS_PROVIDERS)
          .options.map(({ name }) => name)
          .join(', ')}`,
        'CONFIG_FILE: followers[0].dns[1].records[0] | localhost | has no zone that the public suffix list knows: write name@zone',
        'CONFIG_FILE: followers[0].dns[1].ttl | -1 | must be a whole number from 0 to 2147483647',
      ],
    );
    assert.deepEqual(problems({}, '[]'), [
      'CONFIG_FILE: followers[0].dns | [] | must not be an empty list: leave it out',
    ]);
    assert.deepEqual(problems({}, '[app.example.com]'), [
      'CONFIG_FILE: followers[0].dns[0] | app.example.com | must be a mapping of keys to values',
    ]);
  });

  test('those without records, and none, are left out', () => {
    const sets = loaded(
      { CLOUDFLARE_API_TOKEN: TOKEN },
      `[{ provider: none }, ${cloudflare}, { provider: rfc2136 }]`,
    );
    assert.deepEqual(
      sets.map(({ provider }) => provider),
      ['cloudflare'],
    );
  });
});
