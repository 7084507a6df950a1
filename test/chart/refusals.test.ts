/** What would end the controller or the webhook at its start is refused by Helm already, and nothing else is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../controller/config.ts';
import { TRIGGERS } from '../../controller/triggers/registry.ts';
import { choiceOf } from '../../settings/schema.ts';
import { loadInjectorConfig } from '../../webhook/injector-config.ts';
import { layered, nested } from '../support/chart/examples.ts';
import { chartUnderTest, environment, only, podSpec, SITES, secretTexts } from '../support/chart/render.ts';

const chart = await chartUnderTest();
const LIMIT = 3;
const KEY = 'c2VjcmV0LXRoYXQtbm9ib2R5LXNlZXMh';
const WRONG_KEY = 'no key, whatever the provider';
const SHORT_KEY = KEY.slice(1);
const SECRETS = [KEY, WRONG_KEY, SHORT_KEY];
const CREDENTIALS: Readonly<Record<string, object>> = {
  namecheap: { apiUser: 'someone', apiKey: 'key' },
  cloudflare: { apiToken: KEY },
  rfc2136: { server: 'ns1.example.com', tsigName: 'follower', tsigSecret: KEY },
};

/** A record at this provider, and `more` of its settings. */
const using = (provider: string, more: object = {}) => ({
  dns: { provider, records: ['app.example.com'], [provider]: { ...CREDENTIALS[provider], ...more } },
});
const sidecar = (requests: object, limits: object) => ({ sidecar: { resources: { requests, limits } } });
const site = (more: object) => ({ controller: { sites: { mars: { nodeName: 'node-9', ...more } } } });
const dns = (provider: string, more: object = {}) => ({ controller: using(provider, more) });
const records = (...records: string[]) => layered(dns('namecheap'), nested('controller.dns', { records }));
const owner = (owner: object) => nested('controller.dns', { owner });
const nameServers = (...nameServers: string[]) => nested('controller.dns', { nameServers });
const preferring = (preferredPrimaryNode: string) => nested('controller.watch', { preferredPrimaryNode });

const WRONG: readonly (readonly [key: string, values: object])[] = [
  ['webhook.callers.names', nested('webhook.callers', { authority: 'callers' })],
  ['sidecar.resources.limits.memory', sidecar({}, { memory: '16Mi' })],
  ['sidecar.resources.limits.memory', sidecar({}, { memory: 33_000_000 })],
  ['sidecar.resources.limits.cpu', sidecar({}, { cpu: '1m' })],
  ['sidecar.resources.limits.cpu', sidecar({}, { cpu: 0.001 })],
  ['sidecar.resources.requests.memory', sidecar({ memory: '128Mi' }, {})],
  ['sidecar.resources.requests.memory', sidecar({ memory: '65Mi' }, { memory: null })],
  ['sidecar.resources.requests.memory', sidecar({ memory: '1k' }, {})],
  ['sidecar.resources.requests.cpu', sidecar({ cpu: '1' }, { cpu: '999m' })],
  ['image.repository', { image: { repository: 'registry.example.com/Follower' } }],
  ['image.repository', { image: { repository: 'Follower' } }],
  ['image.repository', { image: { repository: 'registry.example.com/' } }],
  ['controller.watch.preferredPrimaryNode', preferring('node-2')],
  ['controller.sites.mars.nodeSelector', site({ nodeSelector: 'zone in us-east' })],
  ['controller.sites.mars.nodeSelector', site({ nodeSelector: 'zone=a,' })],
  ['controller.sites.mars.nodeSelector', site({ nodeSelector: 'zone=us east' })],
  ['controller.sites.mars.ip', site({ ip: '0.0.0.0' })],
  ['controller.sites.mars.ip', site({ ip: '239.1.1.1' })],
  ['controller.sites.mars.ipv6', site({ ipv6: '::' })],
  ['controller.sites.mars.ipv6', site({ ipv6: 'ff02::1' })],
  ['controller.sites.mars.ip', site({ ip: '127.0.0.1' })],
  ['controller.sites.mars.ip', site({ ip: '169.254.7.8' })],
  ['controller.sites.mars.ipv6', site({ ipv6: '::1' })],
  ['controller.sites.mars.ipv6', site({ ipv6: 'fe80::1:2' })],
  ['controller.sites.mars.ipv6', site({ ipv6: '::ffff:192.0.2.1' })],
  ['controller.sites.mars.cname', site({ cname: '192.0.2.1' })],
  ['controller.dns.records.0', records('https://app.example.com')],
  ['controller.dns.records.1', records('app.example.com', 'app')],
  ['controller.dns.records.0', records('a@b@example.com')],
  ['controller.dns.nameServers.0', nameServers('ns1.example.com')],
  ['controller.dns.nameServers.0', nameServers('192.0.2.256')],
  ['controller.dns.owner.id', layered(dns('external-dns'), owner({ id: 'here' }))],
  ['controller.dns.owner.id', layered(dns('cloudflare'), owner({ id: 'a,b="c"' }))],
  ['controller.dns.owner.suffix', owner({ id: 'here', prefix: 'a', suffix: 'b' })],
  ['controller.dns.namecheap.clientIp', dns('namecheap', { clientIp: '0.0.0.0' })],
  ['controller.dns.namecheap.apiUser', dns('namecheap', { apiUser: WRONG_KEY })],
  ['controller.dns.namecheap.apiKey', dns('namecheap', { apiKey: WRONG_KEY })],
  ['controller.dns.namecheap.apiUrl', dns('namecheap', { apiUrl: 'https://api.example.com/?key=1' })],
  ['controller.dns.cloudflare.apiToken', dns('cloudflare', { apiToken: WRONG_KEY })],
  ['controller.dns.cloudflare.apiUrl', dns('cloudflare', { apiUrl: 'https://me:you@api.example.com' })],
  ['controller.dns.route53.privateZone', dns('route53', { zoneId: 'Z0123456789', privateZone: true })],
  ['controller.dns.route53.apiUrl', dns('route53', { apiUrl: 'https://api.example.com#top' })],
  ['controller.dns.webhook.url', dns('webhook', { url: 'http://two words' })],
  ['controller.dns.rfc2136.server', dns('rfc2136', { server: 'https://ns1.example.com' })],
  ['controller.dns.rfc2136.server', dns('rfc2136', { server: 'ns1.example.com:domain' })],
  ['controller.dns.rfc2136.tsigName', dns('rfc2136', { tsigName: 'my key' })],
  ['controller.dns.rfc2136.tsigSecret', dns('rfc2136', { tsigSecret: WRONG_KEY })],
  ['controller.dns.rfc2136.tsigSecret', dns('rfc2136', { tsigSecret: SHORT_KEY })],
];

test('refuses what would end a process at its start', { concurrency: LIMIT }, async (t) => {
  await Promise.all(
    WRONG.map(([key, values]) =>
      t.test(`${key} of ${JSON.stringify(values)}`, async () => {
        const places = [`at '/${key.replaceAll('.', '/')}'`, `${key}: `];
        await assert.rejects(chart.text({ values: layered(SITES, values) }), ({ message }: Error) => {
          assert.ok(
            places.some((place) => message.includes(place)),
            message,
          );
          assert.ok(!SECRETS.some((secret) => message.includes(secret)), 'no secret is told');
          return true;
        });
      }),
    ),
  );
});

const RIGHT: readonly object[] = [
  sidecar({}, { memory: '32Mi', cpu: '10m' }),
  sidecar({ memory: '1Mi', cpu: 0 }, { memory: 67_108_864, cpu: '0.01' }),
  sidecar({ memory: '64Mi', cpu: '.5' }, { memory: null, cpu: '5e-1' }),
  sidecar({ memory: '1024.Ki', cpu: null }, { memory: '0.1Gi', cpu: '1E1' }),
  { image: { repository: 'localhost/a/b__c/d--e' } },
  { image: { repository: 'Registry.example.com:5000/follower' } },
  { image: { repository: '[2001:db8::1]:5000/follower' } },
  preferring('node-1'),
  layered(preferring('node-2'), site({ nodeSelector: 'topology.kubernetes.io/zone' })),
  site({ nodeSelector: ' zone in (a,b) , !old,role!=db, x notin ( y ),z==1,empty=,k8s.io/a.b_c ' }),
  site({ ip: '1.2.3.4' }),
  site({ ip: '223.255.255.255', ipv6: '2001:db8::1' }),
  site({ ip: '10.0.0.1', ipv6: 'fd00::1:2' }),
  site({ cname: 'East.example.com' }),
  site({ cname: '1.2.3.4.5' }),
  layered(records('*.example.com', '_app.Example.com.', 'db.internal.example.com@internal.example.com')),
  layered(records('bücher.com', ' app.example.com ', 'app.corp.lan@corp.lan')),
  layered(dns('namecheap'), nameServers('192.0.2.53', '192.0.2.53:5353', '2001:db8::53', '[::1]:53')),
  layered(
    dns('namecheap'),
    owner({ id: 'Here.1', prefix: '%{record_type}-owner.', wildcard: 'any', adopt: true }),
  ),
  layered(dns('cloudflare'), owner({ id: 'here', suffix: '-owner' })),
  dns('namecheap', { clientIp: '192.0.2.1', apiKey: 'key\n' }),
  dns('cloudflare', { apiUrl: 'https://proxy.example.com:8443/a@b/c' }),
  dns('route53', { zoneId: 'Z0123456789', apiUrl: 'http://[::1]:4566' }),
  dns('route53', { privateZone: true }),
  dns('webhook', { url: 'http://localhost:8888\n' }),
  dns('rfc2136', { server: '[2001:db8::1]:5353', tsigName: 'Follower.Example.com.' }),
  dns('rfc2136', { server: '2001:db8::1', tsigName: '_key' }),
  dns('rfc2136', { server: 'ns1:53', tsigSecret: 'MTIzNDU2Nzg5MDEyMzQ1Ng==\n' }),
];

test('takes what the programs take', { concurrency: LIMIT }, async (t) => {
  await Promise.all(
    RIGHT.map((values) =>
      t.test(JSON.stringify(values), async () => {
        const manifests = await chart.render({ values: layered(SITES, values) });
        const secrets = secretTexts(manifests.find(({ kind }) => kind === 'Secret'));
        const of = (suffix: string) =>
          environment(podSpec(only(manifests, 'Deployment', suffix)).containers[0], secrets);
        const [controller, injector] = [
          loadConfig(of('-controller'), () => ''),
          loadInjectorConfig(of('-webhook')),
        ];
        assert.deepEqual(controller.ok ? [] : controller.problems, []);
        assert.deepEqual(injector.ok ? [] : injector.problems, []);
      }),
    ),
  );
});

test('tells which kinds of triggers there are', async () => {
  const followers = [{ sites: [{ name: 'a', nodeName: 'b' }] }, { trigger: { kind: 'nope' } }];
  await assert.rejects(
    chart.text({ values: { controller: { config: { followers } } } }),
    ({ message }: Error) => {
      assert.match(message, /at '\/controller\/config\/followers\/1\/trigger\/kind'/);
      const told = [...message.matchAll(/'([a-z-]+)'/g)].map(([, name]) => name);
      assert.deepEqual(
        told,
        choiceOf(TRIGGERS).options.map(({ name }) => name),
      );
      return true;
    },
  );
});
