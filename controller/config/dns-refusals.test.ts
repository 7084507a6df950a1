import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Environment, loadConfig } from '../config.ts';
import { DNS_PROVIDERS } from '../dns/registry.ts';
import { settingsOf } from './settings.ts';

const SITES = JSON.stringify([{ name: 'us-east', nodeName: 'node-1', ip: '192.0.2.10' }]);
const SECRET = 'never-to-be-shown';

/** What is enough for each provider, and for each of its settings values that are none. */
const PROVIDERS: Readonly<
  Record<string, { readonly right: Environment; readonly wrong: Readonly<Record<string, readonly string[]>> }>
> = {
  namecheap: {
    right: { NAMECHEAP_API_USER: 'someone', NAMECHEAP_API_KEY: '0123456789abcdef' },
    wrong: {
      NAMECHEAP_API_USER: ['two words'],
      NAMECHEAP_API_KEY: [`${SECRET} ${SECRET}`],
      NAMECHEAP_CLIENT_IP: ['2001:db8::1', 'me'],
      NAMECHEAP_API_URL: ['api.example.com', 'https://user:word@api.example.com'],
    },
  },
  cloudflare: {
    right: { CLOUDFLARE_API_TOKEN: 'x'.repeat(40) },
    wrong: {
      CLOUDFLARE_API_TOKEN: [SECRET, `${SECRET} ${SECRET}`],
      CLOUDFLARE_API_URL: ['ftp://x.example.com'],
    },
  },
  route53: {
    right: {},
    wrong: {
      ROUTE53_ZONE_ID: ['example.com', '/hostedzone/Z0123456789'],
      ROUTE53_PRIVATE_ZONE: ['perhaps'],
      ROUTE53_API_URL: ['route53'],
    },
  },
  rfc2136: {
    right: {
      RFC2136_SERVER: 'ns1.example.com',
      RFC2136_TSIG_NAME: 'key',
      RFC2136_TSIG_SECRET: 'c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0',
    },
    wrong: {
      RFC2136_SERVER: ['tcp://ns1', 'ns1:0'],
      RFC2136_TSIG_NAME: ['a key'],
      RFC2136_TSIG_SECRET: [SECRET],
      RFC2136_TSIG_ALGORITHM: ['hmac-md5'],
    },
  },
  'external-dns': { right: {}, wrong: { EXTERNAL_DNS_NAMESPACE: ['My Namespace', 'a.b'] } },
  webhook: { right: {}, wrong: { DNS_WEBHOOK_URL: ['localhost:8888', 'http://localhost:8888/?key=x'] } },
};

function problems(env: Environment): readonly string[] {
  const result = loadConfig({ SITES, DNS_RECORDS: 'app.example.com', ...env }, () => '');
  return result.ok ? [] : result.problems.map(({ key, got, problem }) => `${key} | ${got} | ${problem}`);
}

for (const { name, settings } of DNS_PROVIDERS) {
  if (name === 'none') continue;
  describe(`bad settings of ${name}`, () => {
    const { right = {}, wrong = {} } = PROVIDERS[name] ?? {};
    const env = { DNS_PROVIDER: name, ...right };

    test('are told of each of them, and the right ones are taken', () => {
      assert.deepEqual(problems(env), []);
      const variables = [...settingsOf(settings)].map(({ setting }) => setting.variable);
      assert.deepEqual(Object.keys(wrong).sort(), variables.sort());
    });

    for (const [variable, values] of Object.entries(wrong)) {
      test(`${variable}: one message, which names it and shows no secret`, () => {
        for (const value of values) {
          const told = problems({ ...env, [variable]: value });
          assert.equal(told.length, 1, told.join('\n') || `${value} was taken`);
          assert.match(told[0] ?? '', new RegExp(`^${variable} \\| .* \\| must be `));
          assert.ok(!told[0]?.includes(SECRET), told[0]);
        }
      });
    }

    test('of another provider are refused beside its own', () => {
      const [strange] = DNS_PROVIDERS.filter((row) => row.name !== name).flatMap((row) => [
        ...settingsOf(row.settings),
      ]);
      const variable = strange?.setting.variable ?? '';
      assert.match(problems({ ...env, [variable]: 'x' }).join('\n'), new RegExp(`^${variable} \\| `));
    });

    test('a key that is none is refused', () => {
      const file = `followers:\n  - sites: ${SITES}\n    dns: { provider: ${name}, records: [app.example.com], ${name}: { colour: red } }`;
      const result = loadConfig({ CONFIG_FILE: '/config', ...right }, () => file);
      assert.ok(!result.ok);
      const told = result.problems.map(({ key, problem }) => `${key} ${problem}`);
      assert.equal(told.length, 1, told.join('\n'));
      assert.match(told[0] ?? '', new RegExp(`followers\\[0\\]\\.dns.*${name}.*colour`));
    });
  });
}

describe('settings that contradict each other', () => {
  const route53 = { DNS_PROVIDER: 'route53', ROUTE53_ZONE_ID: 'Z0123456789' };
  test('one zone id for two zones', () => {
    assert.deepEqual(problems({ ...route53, DNS_RECORDS: 'app.example.com,app.example.org' }), [
      'ROUTE53_ZONE_ID | Z0123456789 | must not be set: the records are in 2 zones, example.com, example.org',
    ]);
  });

  test('a zone id, and what kind of zone it is', () => {
    assert.deepEqual(problems({ ...route53, ROUTE53_PRIVATE_ZONE: 'true' }), [
      'ROUTE53_PRIVATE_ZONE | true | must not be set beside a zone id, which says it already',
    ]);
  });
});
