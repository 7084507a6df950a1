import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DNS_PROVIDERS, type ProviderName, TRAITS } from '../../dns/registry.ts';
import { SECRET } from '../../dns/testing/example.ts';
import { examplesOf, PROVIDER_EXAMPLES } from '../../dns/testing/examples.ts';
import { settingsOf } from '../../settings/schema.ts';
import { type Environment, loadConfig } from '../config.ts';

const SITES = JSON.stringify([{ name: 'us-east', nodeName: 'node-1', ip: '192.0.2.10' }]);

function problems(env: Environment): readonly string[] {
  const result = loadConfig({ SITES, DNS_RECORDS: 'app.example.com', ...env }, () => '');
  return result.ok ? [] : result.problems.map(({ key, got, problem }) => `${key} | ${got} | ${problem}`);
}

const NAMES = [...PROVIDER_EXAMPLES.keys()];

/** The variables of what only this provider has. */
function variablesOf(name: ProviderName): string[] {
  const own = [...settingsOf(DNS_PROVIDERS)].filter(({ when }) => when?.value === name);
  return own.map(({ setting }) => setting.variable);
}

test('there are examples of each provider', () => {
  assert.deepEqual(new Set([...NAMES, 'none']), new Set(Object.keys(TRAITS)));
});

for (const [name, { right, wrong }] of PROVIDER_EXAMPLES) {
  describe(`bad settings of ${name}`, () => {
    const env = { DNS_PROVIDER: name, ...right };

    test('are each reported, and the right ones are taken', () => {
      assert.deepEqual(problems(env), []);
      assert.deepEqual(Object.keys(wrong).sort(), variablesOf(name).sort());
    });

    for (const [variable, values] of Object.entries(wrong)) {
      test(`${variable}: one message, which names it and shows no secret`, () => {
        for (const value of values) {
          const found = problems({ ...env, [variable]: value });
          assert.equal(found.length, 1, found.join('\n') || `${value} was taken`);
          assert.match(found[0] ?? '', new RegExp(`^${variable} \\| .* \\| must be `));
          assert.ok(!found[0]?.includes(SECRET), found[0]);
        }
      });
    }

    test('of another provider are refused beside its own', () => {
      const [variable = ''] = NAMES.filter((other) => other !== name).flatMap(variablesOf);
      assert.match(problems({ ...env, [variable]: 'x' }).join('\n'), new RegExp(`^${variable} \\| `));
    });

    test('a key that is none is refused', () => {
      const file = `followers:\n  - sites: ${SITES}\n    dns: { provider: ${name}, records: [app.example.com], ${name}: { colour: red } }`;
      const result = loadConfig({ CONFIG_FILE: '/config', ...right }, () => file);
      assert.ok(!result.ok);
      const found = result.problems.map(({ key, problem }) => `${key} ${problem}`);
      assert.equal(found.length, 1, found.join('\n'));
      assert.match(found[0] ?? '', new RegExp(`followers\\[0\\]\\.dns.*${name}.*colour`));
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

const { right: rfc2136 } = await examplesOf('rfc2136');

test('what is said of an IPv6 address is of the setting', async () => {
  const { right } = await examplesOf('namecheap');
  const env = { DNS_PROVIDER: 'namecheap', ...right, NAMECHEAP_CLIENT_IP: '2001:db8::1' };
  assert.deepEqual(problems(env), [
    'NAMECHEAP_CLIENT_IP | 2001:db8::1 | must be an IPv4 address; the API takes no IPv6 address',
  ]);
});

describe('the owner of records', () => {
  const RFC2136 = { DNS_PROVIDER: 'rfc2136', ...rfc2136, DNS_OWNER_ID: 'here' };

  for (const [name, { right }] of PROVIDER_EXAMPLES) {
    test(`is taken or refused with ${name}, as it can be kept there`, () => {
      const env = { DNS_PROVIDER: name, ...right, DNS_OWNER_ID: 'here' };
      const refused = `DNS_OWNER_ID | here | must be left out: ${name} keeps none beside its records, only `;
      const [problem] = problems(env);
      assert.equal(problem?.startsWith(refused) ?? false, TRAITS[name].keepsTexts !== true);
    });
  }

  test('is written in the zone, with one affix as ExternalDNS takes it', () => {
    assert.match(
      problems({ ...RFC2136, DNS_RECORDS: 'example.com' }).join('\n'),
      /^DNS_OWNER_PREFIX \| .* \| puts the owner of example\.com outside of the zone example\.com/,
    );
    const long = `${'l'.repeat(62)}.example.com`;
    assert.match(
      problems({ ...RFC2136, DNS_RECORDS: `app.example.com,${long}` }).join('\n'),
      /^DNS_OWNER_PREFIX \| .* \| puts the owner of l+\.example\.com where a label has 64 characters, of at most 63/,
    );
    assert.deepEqual(problems({ ...RFC2136, DNS_RECORDS: long.slice(1) }), []);
    const within = { ...RFC2136, DNS_RECORDS: 'example.com', DNS_OWNER_PREFIX: '%{record_type}-owner.' };
    assert.deepEqual(problems(within), []);
    assert.match(
      problems({ ...RFC2136, DNS_OWNER_PREFIX: 'a', DNS_OWNER_SUFFIX: 'b' }).join('\n'),
      /^DNS_OWNER_SUFFIX \| b \| must be left out beside a prefix/,
    );
    assert.match(
      problems({ ...RFC2136, DNS_OWNER_ID: 'a,b="c"' }).join('\n'),
      /^DNS_OWNER_ID .* must be 1 to 63/,
    );
  });

  test('is meant by whoever sets anything of it', () => {
    const { DNS_OWNER_ID: _, ...none } = RFC2136;
    for (const [name, value] of [
      ['ADOPT', 'true'],
      ['PREFIX', 'x-'],
      ['SUFFIX', '-x'],
      ['WILDCARD', 'any'],
    ]) {
      const found = problems({ ...none, [`DNS_OWNER_${name}`]: value });
      assert.equal(found.length, 1);
      assert.match(found[0] ?? '', /^DNS_OWNER_ID \| .* \| is required beside the other settings/);
    }
    assert.deepEqual(problems({ ...none, DNS_OWNER_ADOPT: 'false', DNS_OWNER_PREFIX: '' }), []);
  });
});
