import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { settingsOf } from '../settings/schema.ts';
import { anyText } from '../test/support/any-text.ts';
import { ENVIRONMENT_ONLY, FILE } from './config/schema.ts';
import { describeConfig, type Environment, formatProblems, loadConfig } from './config.ts';

const VARIABLES = [...settingsOf(FILE), ...settingsOf(ENVIRONMENT_ONLY)]
  .map(({ setting }) => setting.variable)
  .filter((name) => name !== '');

const siteLike = fc.record(
  {
    name: fc.oneof(fc.string(), fc.constantFrom('a', 'b')),
    nodeName: fc.oneof(fc.string(), fc.constantFrom('n1', 'n2')),
    nodeNames: fc.oneof(fc.array(fc.string()), fc.jsonValue()),
    nodeSelector: fc.oneof(fc.string(), fc.constantFrom('a=b', 'a in (b,c')),
    ip: fc.oneof(fc.ipV4(), fc.ipV6(), fc.string(), fc.jsonValue()),
    ipv6: fc.oneof(fc.ipV6(), fc.string()),
    cname: fc.oneof(fc.domain(), fc.string()),
  },
  { requiredKeys: [] },
);

const garbage = fc.oneof(
  anyText,
  fc.constantFrom('', 'true', '10', 'none', 'namecheap', 'app.example.com', 'a@b@c', '[{', '-1', '1e9', '\0'),
  fc.json(),
  fc.array(fc.oneof(siteLike, fc.jsonValue())).map((sites) => JSON.stringify(sites)),
);

const secret = fc.string({
  unit: fc.constantFrom(...'0123456789abcdefXYZ+/='.split('')),
  minLength: 12,
  maxLength: 50,
});

function environment(values: fc.Arbitrary<string>): fc.Arbitrary<Environment> {
  const name = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...VARIABLES) },
    fc.constantFrom('NAMECHEAP_APIKEY', 'CNPG_NAMESPACES', '__proto__', 'constructor'),
    fc.string(),
  );
  return fc.dictionary(name, values, { maxKeys: 25 });
}

test('whatever the environment and the file hold: no throw, and one line for each problem', () => {
  fc.assert(
    fc.property(environment(garbage), garbage, (env, file) => {
      const result = loadConfig(env, () => file);
      if (result.ok) {
        describeConfig(result.value);
        return;
      }
      assert.ok(result.problems.length > 0);
      assert.equal(formatProblems(result.problems).split('\n').length, result.problems.length + 1);
    }),
    { numRuns: 2_000 },
  );
});

test('whatever is wrong: the key is shown nowhere, also when it was put into other variables too', () => {
  const keys = secret.chain((key) =>
    fc.record({
      key: fc.constant(key),
      env: environment(
        fc.oneof(
          garbage,
          fc.constant(key),
          fc.tuple(garbage, garbage).map(([before, after]) => `${before}${key}${after}`),
        ),
      ),
    }),
  );
  fc.assert(
    fc.property(keys, fc.boolean(), ({ key, env }, misspelt) => {
      const result = loadConfig(
        { ...env, NAMECHEAP_API_KEY: key, ...(misspelt && { NAMECHEAP_APIKEY: key }) },
        () => `followers: [{dns: {namecheap: {apiKey: ${key}`,
      );
      // A value that is no secret by its place and passes as valid is shown as what it is.
      const shown = result.ok
        ? describeConfig(result.value).NAMECHEAP_API_KEY
        : formatProblems(result.problems);
      assert.ok(!shown?.includes(key), shown);
    }),
    { numRuns: 2_000 },
  );
});

const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}[a-z0-9]$/);

const validSites = fc
  .uniqueArray(
    fc.record({
      name: label,
      nodeName: label,
      ip: fc.ipV4().filter((ip) => /^(?!0|127\.|169\.254\.|22[4-9]|2[3-9]\d)/.test(ip)),
    }),
    { minLength: 1, maxLength: 5, selector: ({ name }) => name },
  )
  .map((sites) => sites.map((site, index) => ({ ...site, nodeName: `${site.nodeName}-${index}` })));

test('a valid configuration comes back as it was given, from variables as from the file', () => {
  fc.assert(
    fc.property(
      validSites,
      fc.record({
        namespace: label,
        cluster: label,
        records: fc.uniqueArray(label, { minLength: 1, maxLength: 4 }),
        ttl: fc.integer({ min: 60, max: 60_000 }),
        key: secret,
        resync: fc.integer({ min: 1, max: 3600 }),
        port: fc.integer({ min: 0, max: 65_535 }),
        dryRun: fc.boolean(),
      }),
      (sites, { namespace, cluster, records, ttl, key, resync, port, dryRun }) => {
        const names = records.map((name) => `${name}.example.com`);
        const [fromVariables, fromFile] = [
          loadConfig(
            {
              SITES: JSON.stringify(sites),
              CNPG_NAMESPACE: namespace,
              CNPG_CLUSTER_NAME: cluster,
              DNS_RECORDS: names.join(','),
              DNS_TTL: String(ttl),
              NAMECHEAP_API_USER: 'someone',
              NAMECHEAP_API_KEY: key,
              RESYNC_SECONDS: String(resync),
              HTTP_PORT: String(port),
              DRY_RUN: String(dryRun),
            },
            () => '',
          ),
          loadConfig({ CONFIG_FILE: 'x.json' }, () =>
            JSON.stringify({
              followers: [
                {
                  sites,
                  trigger: { namespace, clusterName: cluster },
                  dns: { records: names, ttl, namecheap: { apiUser: 'someone', apiKey: key } },
                },
              ],
              resyncSeconds: resync,
              httpPort: port,
              dryRun,
            }),
          ),
        ];
        assert.ok(fromVariables.ok && fromFile.ok);
        assert.deepEqual(fromVariables, fromFile);
        const [{ sites: got, trigger, dns: sets }] = fromVariables.value.followers;
        const [dns] = sets;
        assert.deepEqual(
          got,
          sites.map(({ nodeName, ...rest }) => ({ ...rest, nodeNames: [nodeName] })),
        );
        assert.deepEqual(trigger, {
          kind: 'cnpg',
          namespace,
          clusterName: cluster,
          preferredPrimaryNode: undefined,
        });
        assert.ok(dns?.provider === 'namecheap');
        const [dnsOfFile] = fromFile.value.followers[0].dns;
        assert.ok(dnsOfFile?.provider === 'namecheap');
        assert.deepEqual(
          [dns, dnsOfFile].map(({ namecheap }) => namecheap.apiKey?.reveal()),
          [key, key],
        );
        assert.equal(dns.ttl, ttl);
        assert.deepEqual(
          dns.records.map(({ name }) => name),
          names,
        );
      },
    ),
    { numRuns: 300 },
  );
});
