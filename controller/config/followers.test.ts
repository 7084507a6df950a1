import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Config, describeConfig, loadConfig } from '../config.ts';

const sites = [
  { name: 'us', nodeName: 'node-1', ip: '192.0.2.1' },
  { name: 'eu', nodeName: 'node-2', ip: '192.0.2.2' },
];

function load(followers: readonly object[], more: object = {}, env = {}) {
  const file = JSON.stringify({ followers: followers.map((follower) => ({ sites, ...follower })), ...more });
  return loadConfig({ CONFIG_FILE: 'x.yaml', ...env }, () => file);
}

function loaded(followers: readonly object[], env = {}): Config {
  const result = load(followers, {}, env);
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

function problemsOf(followers: readonly object[], more: object = {}, env = {}): string[] {
  const result = load(followers, more, env);
  assert.ok(!result.ok, 'this configuration must be refused');
  return result.problems.map(({ key, got, problem }) => `${key} | ${got} | ${problem}`);
}

test('several followers have each their own trigger and sites, and the variables speak of the first', () => {
  const lease = { kind: 'lease', namespace: 'app', name: 'leader' };
  const config = loaded([{}, { name: 'app', trigger: lease, sites: [sites[0]] }], {
    CNPG_CLUSTER_NAME: 'main',
  });
  const [first, second] = config.followers;
  assert.deepEqual([first.name, second?.name], ['default', 'app']);
  assert.ok(first.trigger.kind === 'cnpg' && first.trigger.clusterName === 'main');
  assert.deepEqual(second?.trigger, lease);
  assert.equal(second?.sites.length, 1);
});

test('the description tells every follower’s settings, each once', () => {
  const lease = { kind: 'lease', namespace: 'app', name: 'leader' };
  const described = describeConfig(loaded([{}, { name: 'app', trigger: lease }]));
  assert.equal(described.CNPG_NAMESPACE, 'postgres');
  assert.equal(described['followers[1].trigger.kind'], 'lease');
  assert.equal(described['followers[1].trigger.name'], 'leader');
  assert.equal(described['followers[1].trigger.clusterName'], undefined);
});

const refused: [what: string, followers: readonly object[], more: object, problems: string[]][] = [
  [
    'two of one name',
    [{}, {}],
    {},
    ['CONFIG_FILE: followers[1].name | default | must differ from that of follower [0]'],
  ],
  [
    'a name whose ConfigMap another has',
    [{}, { name: 'report' }],
    { configMapName: 'kube-site-follower' },
    [
      'CONFIG_FILE: followers[1].name | report | leads to the ConfigMap kube-site-follower-report, which follower [0] has',
    ],
  ],
  ['too many', Array.from({ length: 17 }, (_, index) => ({ name: `f${index}`, sites: [sites[0]] })), {}, []],
];
for (const [what, followers, more, problems] of refused) {
  test(`refused: ${what}`, () => {
    const got = problemsOf(followers, more);
    if (problems.length > 0) assert.deepEqual(got, problems);
    else assert.match(got.join(), /followers \| .* must have 1 to 16 followers/);
  });
}

test('what a further follower lacks is told by its place: the variable speaks of the first alone', () => {
  const dns = { records: ['app.example.com'], provider: 'cloudflare' };
  const env = { CLOUDFLARE_API_TOKEN: 'x'.repeat(40) };
  const told = problemsOf([{ dns }, { name: 'other', sites: undefined, dns }], {}, env);
  assert.deepEqual(
    told.map((problem) => problem.split(' | ')[0]),
    ['CONFIG_FILE: followers[1].sites', 'CONFIG_FILE: followers[1].dns.cloudflare.apiToken'],
  );
});

test('refused: one record of two followers', () => {
  const env = { NAMECHEAP_API_USER: 'someone', NAMECHEAP_API_KEY: '0123456789abcdef' };
  const namecheap = { apiUser: 'someone', apiKey: '0123456789abcdef' };
  const records = ['app.example.com', 'db.example.com'];
  const other = { name: 'other', dns: { records: ['db.example.com'], namecheap } };
  assert.deepEqual(problemsOf([{ dns: { records } }, other], {}, env), [
    'CONFIG_FILE: followers[1].dns.records | db.example.com | must not be a record of follower [0] as well',
  ]);
});
