import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENVIRONMENT_ONLY, FILE } from '../../controller/config/schema.ts';
import { documentedValues } from '../../scripts/chart-values.ts';
import { settingsOf } from '../../settings/schema.ts';
import { EVERYTHING, EXAMPLES, layered, nested } from '../support/chart/examples.ts';
import { chartUnderTest, SITES } from '../support/chart/render.ts';

const chart = await chartUnderTest();
const LIMIT = 3;

test('there is an example for each documented value', () => {
  assert.deepEqual(
    Object.keys(EXAMPLES).sort(),
    documentedValues()
      .map(({ key }) => key)
      .sort(),
  );
});

test('it lints clean, with nothing but sites and with every feature', async () => {
  for (const values of [SITES, layered(SITES, EVERYTHING)]) {
    assert.match(await chart.lint(values), /1 chart\(s\) linted, 0 chart\(s\) failed/);
  }
});

test('each documented value makes a difference', { concurrency: LIMIT }, async (t) => {
  const bases = new Map<string, Promise<string>>();
  const rendered = (base: object) => {
    const id = JSON.stringify(base);
    const text = bases.get(id) ?? chart.text({ values: base });
    bases.set(id, text);
    return text;
  };
  await Promise.all(
    Object.entries(EXAMPLES).map(([key, { right, given = {} }]) =>
      t.test(key, async () => {
        const base = layered(SITES, given);
        const text = await chart.text({ values: layered(base, nested(key, right)) });
        assert.notEqual(text, await rendered(base));
      }),
    ),
  );
});

test('each wrong value is refused by its key', { concurrency: LIMIT }, async (t) => {
  await Promise.all(
    Object.entries(EXAMPLES).map(([key, { wrong, given = {} }]) =>
      t.test(key, async () => {
        const values = layered(SITES, given, nested(key, wrong));
        const place = `/${key.replaceAll('.', '/')}`;
        await assert.rejects(chart.text({ values }), (error: Error) => {
          assert.ok(error.message.includes(`at '${place}`), error.message);
          return true;
        });
      }),
    ),
  );
});

for (const { what, values, says } of [
  { what: 'a misspelt key', values: { webhok: {} }, says: /'webhok' not allowed/ },
  {
    what: 'a misspelt key further inside',
    values: { controller: { replica: 2 } },
    says: /at '\/controller'.*'replica' not allowed/,
  },
  {
    what: 'a site without nodes',
    values: { controller: { sites: { mars: { ip: '192.0.2.1' } } } },
    says: /at '\/controller\/sites\/mars'/,
  },
  {
    what: 'a site with two kinds of addresses',
    values: { controller: { sites: { mars: { nodeName: 'a', ip: '192.0.2.1', cname: 'x.example.com' } } } },
    says: /at '\/controller\/sites\/mars/,
  },
  {
    what: 'no site',
    values: { controller: { sites: null } },
    says: /controller\.sites: at least one site is needed/,
  },
  {
    what: 'a node in two sites',
    values: { controller: { sites: { mars: { nodeNames: ['node-1'] } } } },
    says: /controller\.sites\.us-east: node node-1 is in another site as well/,
  },
  {
    what: 'a site that records cannot point at',
    values: {
      controller: {
        sites: { mars: { nodeName: 'node-9' } },
        dns: { records: ['app.example.com'], namecheap: { existingSecret: 'dns' } },
      },
    },
    says: /controller\.sites\.mars: needs ip, ipv6 or cname/,
  },
  {
    what: 'a site by a name that can be no label',
    values: { controller: { sites: { 'out there': { nodeName: 'node-9' } } } },
    says: /at '\/controller\/sites': additional properties 'out there' not allowed/,
  },
  {
    what: 'a name of a Service with a dot',
    values: { fullnameOverride: 'site.follower' },
    says: /at '\/fullnameOverride'/,
  },
  {
    what: 'less than nothing',
    values: { webhook: { resources: { limits: { cpu: -1 } } } },
    says: /at '\/webhook\/resources\/limits\/cpu'/,
  },
  {
    what: 'a size as a number, which the Cluster cannot have',
    values: { postgres: { create: true, storage: { size: 10 } } },
    says: /at '\/postgres\/storage\/size': got number, want string/,
  },
  {
    what: 'two listeners of the webhook at one port',
    values: { webhook: { httpPort: 8443 } },
    says: /webhook\.httpPort: must be another port than webhook\.port \(got: 8443\)/,
  },
  {
    what: 'a port of the kubelet in the network of the nodes',
    values: { webhook: { hostNetwork: true, port: 10250 } },
    says: /webhook\.port: must be free on each node with webhook\.hostNetwork/,
  },
  {
    what: 'variables from nowhere',
    values: { controller: { envFrom: [{ secret: 'more' }] } },
    says: /at '\/controller\/envFrom\/0'/,
  },
  {
    what: 'a key that the file does not have',
    values: { controller: { config: { resync: 5 } } },
    says: /at '\/controller\/config'.*'resync' not allowed/,
  },
  {
    what: 'two leaders at once',
    values: { controller: { config: { leaderElection: false } } },
    says: /controller\.config\.leaderElection: must be left out/,
  },
  {
    what: 'another port than that of the Service',
    values: { controller: { config: { httpPort: 9090 } } },
    says: /controller\.config\.httpPort: must be left out/,
  },
  {
    what: 'sites beside followers',
    values: { controller: { config: { followers: [{}] } } },
    says: /controller\.sites: must be left out/,
  },
]) {
  test(`refuses ${what}`, async () => {
    await assert.rejects(chart.text({ values: layered(SITES, values) }), says);
  });
}

test('refuses a release by whose name no Service can be called, unless it is given another one', async () => {
  for (const release of ['1st', 'site.follower']) {
    await assert.rejects(
      chart.text({ release }),
      /fullnameOverride: must be set, as \S+-kube-site-follower can be no name/,
    );
    await chart.text({ release, args: ['--set', 'fullnameOverride=follower'] });
  }
});

test('refuses each variable that the chart sets itself, or that its other objects depend on', async () => {
  const more = ['RESYNC_SECONDS', 'NOTIFY', 'HTTP_HOSTS', 'PEERS'];
  const all = variables([FILE, ENVIRONMENT_ONLY]);
  assert.deepEqual(
    more.filter((name) => !all.has(name)),
    [],
  );
  await Promise.all(
    [...all].map(async ([name, isSecret]) => {
      const text = chart.text({ values: layered(SITES, { controller: { env: { [name]: '1' } } }) });
      if (more.includes(name)) return text;
      const says = isSecret ? 'a secret must not stand' : 'must be (set as [\\w.-]+ instead|left out)';
      return assert.rejects(text, new RegExp(`controller\\.env\\.${name}: ${says}`));
    }),
  );
});

/** Those of parts of the settings, and whether each is a secret. */
function variables(parts: readonly Parameters<typeof settingsOf>[0][]): ReadonlyMap<string, boolean> {
  const found = parts
    .flatMap((part) => [...settingsOf(part)])
    .map(({ setting }) => [setting.variable, setting.secret] as const);
  return new Map(found.filter(([name]) => name !== ''));
}
