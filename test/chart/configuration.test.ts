import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { loadConfig } from '../../controller/config.ts';
import { loadWebhookSettings } from '../../webhook/settings.ts';
import { webhookConfiguration } from '../../webhook/webhook-configuration.ts';
import { layered } from '../support/chart/examples.ts';
import {
  chartUnderTest,
  environment,
  type Manifest,
  NAMESPACE,
  only,
  podSpec,
  RELEASE,
  SITES,
} from '../support/chart/render.ts';

const chart = await chartUnderTest();
const NAME = `${RELEASE}-webhook`;

for (const failurePolicy of ['Fail', 'Ignore'] as const) {
  test(`the webhook is called as the code wants it, with ${failurePolicy}`, async () => {
    const manifests = await chart.render({ values: layered(SITES, { webhook: { failurePolicy } }) });
    const { webhooks } = only(manifests, 'MutatingWebhookConfiguration') as Manifest & { webhooks: unknown };
    const client = { service: { name: NAME, namespace: NAMESPACE, path: '/mutate', port: 443 } };
    const wanted = webhookConfiguration({ namespace: NAMESPACE, client, failurePolicy });
    assert.deepEqual(webhooks, wanted.webhooks);
  });
}

test('what the file says of the whole program can be set in the chart', async () => {
  const global = { resyncSeconds: 5, leaderElection: true, httpHosts: ['status.example.com'] };
  const followers = [{ sites: [{ name: 'a', nodeName: 'b' }] }];
  const manifests = await chart.render({ values: { controller: { config: { ...global, followers } } } });
  const { data } = only(manifests, 'ConfigMap', '-config');
  const { containers } = podSpec(only(manifests, 'Deployment', '-controller'));
  const loaded = loadConfig(environment(containers[0]), () => data?.['config.yaml'] ?? '');
  assert.ok(loaded.ok, JSON.stringify(loaded));
  assert.deepEqual(loaded.value.httpHosts, global.httpHosts);
});

for (const config of [undefined, { followers: [{ sites: [{ name: 'a', nodeName: 'b' }] }] }]) {
  test(`the authorities of a proxy are mounted where node looks for them, with ${config ? 'a' : 'no'} file of settings`, async () => {
    const proxy = { caConfigMap: 'corporate-authorities' };
    const values = config ? { controller: { config, proxy } } : layered(SITES, { controller: { proxy } });
    const manifests = await chart.render({ values });
    const { containers, volumes } = podSpec(only(manifests, 'Deployment', '-controller'));
    const [{ volumeMounts = [] }] = containers;
    const { NODE_EXTRA_CA_CERTS: file } = environment(containers[0]);
    const mount = volumeMounts.find(({ mountPath }) => `${mountPath}/ca.crt` === file);
    assert.deepEqual(
      volumes?.find(({ name }) => name === mount?.name),
      { name: mount?.name, configMap: { name: proxy.caConfigMap } },
    );
    assert.equal(volumes?.length, config ? 2 : 1);
  });
}

test('no Service gets a site of a follower that moves no Services', async () => {
  const follower = (name: string, followServices: boolean) => ({
    name,
    sites: [{ name: 'a', nodeName: 'b' }],
    routing: { followServices },
  });
  const asked = async (values: object) => {
    const manifests = await chart.render({ values });
    const { webhooks } = only(manifests, 'MutatingWebhookConfiguration') as Manifest & {
      webhooks: readonly { readonly name: string }[];
    };
    const isAsked = webhooks.some(({ name }) => name === 'services.inject.kube-site-follower');
    const { containers } = podSpec(only(manifests, 'Deployment', '-webhook'));
    const loaded = loadWebhookSettings(environment(containers[0]));
    assert.ok(loaded.ok);
    return [isAsked, ...loaded.value.movingNone];
  };
  const followers = (...all: readonly object[]) => ({ controller: { config: { followers: all } } });
  const none = layered(SITES, { controller: { routing: { followServices: false } } });
  assert.deepEqual(await asked(SITES), [true]);
  assert.deepEqual(await asked(none), [false, 'default']);
  const [still, other] = [follower('default', false), follower('other', false)];
  assert.deepEqual(await asked(followers(still, other)), [false, 'default', 'other']);
  assert.deepEqual(await asked(followers(still, follower('other', true))), [true, 'default']);
});

test('the webhook is told which pods are followed', async () => {
  const told = async (...triggers: readonly object[]) => {
    const followers = triggers.map((trigger, index) => ({
      name: index === 0 ? 'default' : `f${index}`,
      sites: [{ name: 'a', nodeName: 'b' }],
      trigger,
    }));
    const manifests = await chart.render({ values: { controller: { config: { followers } } } });
    const { containers } = podSpec(only(manifests, 'Deployment', '-webhook'));
    const loaded = loadWebhookSettings(environment(containers[0]));
    assert.ok(loaded.ok);
    return loaded.value.followed;
  };
  const order = { kind: 'node-status', order: ['a'] };
  const node = {
    kind: 'resource',
    apiVersion: 'v1',
    resource: 'pods',
    namespace: 'x',
    name: 'x',
    path: '$.a',
    names: 'node',
  };
  assert.deepEqual(await told({ kind: 'cnpg' }, order, { kind: 'manual' }, node), []);
  const hello = {
    kind: 'mongodb',
    source: 'hello',
    namespace: 'mongo',
    replicaSet: 'rs0',
    members: ['m-0.m', 'm-1.m'],
  };
  const preset = { kind: 'pod-label', namespace: 'db', preset: 'patroni', cluster: 'main' };
  assert.deepEqual(
    await told(
      preset,
      { kind: 'lease', namespace: 'app', name: 'x' },
      { ...node, names: 'pod', podNamespace: 'y' },
      hello,
    ),
    [
      { follower: 'default', ...preset },
      { follower: 'f1', kind: 'lease', namespace: 'app' },
      { follower: 'f2', kind: 'resource', namespace: 'y' },
      { follower: 'f3', kind: 'mongodb', namespace: 'mongo', members: 'm-0.m,m-1.m' },
    ],
  );
});

test('cert-manager makes what the webhook serves, and the API server trusts', async () => {
  const values = layered(SITES, { webhook: { certManager: { enabled: true } } });
  const manifests = await chart.render({ values });
  const certificate = only(manifests, 'Certificate', '-webhook');
  const authority = only(manifests, 'Certificate', '-authority');
  const [issuer, selfSigned] = [
    only(manifests, 'Issuer', '-webhook'),
    only(manifests, 'Issuer', '-self-signed'),
  ];
  const issuerRef = ({ metadata }: Manifest) => ({ kind: 'Issuer', name: metadata.name });

  assert.deepEqual(authority.spec?.issuerRef, issuerRef(selfSigned));
  assert.deepEqual(issuer.spec, { ca: { secretName: authority.spec?.secretName } });
  assert.deepEqual(certificate.spec?.issuerRef, issuerRef(issuer));
  assert.deepEqual(certificate.spec?.dnsNames, [
    `${NAME}.${NAMESPACE}.svc`,
    `${NAME}.${NAMESPACE}.svc.cluster.local`,
  ]);
  // The command line finds the Secret by the name of the Certificate.
  assert.equal(certificate.spec?.secretName, `${certificate.metadata.name}-certificate`);

  const { annotations } = only(manifests, 'MutatingWebhookConfiguration').metadata;
  assert.deepEqual(annotations, {
    'cert-manager.io/inject-ca-from': `${NAMESPACE}/${certificate.metadata.name}`,
  });
  const { volumes, containers } = podSpec(only(manifests, 'Deployment', '-webhook'));
  assert.deepEqual(volumes, [{ name: 'certificate', secret: { secretName: certificate.spec?.secretName } }]);
  const settings = loadWebhookSettings(environment(containers[0]));
  assert.equal(settings.ok && settings.value.certificateFolder, '/etc/kube-site-follower/certificate');

  // cert-manager leaves its Secrets behind.
  const { args = [] } = podSpec(only(manifests, 'Job', '-cleanup')).containers[0];
  for (const name of [certificate, authority].map(({ spec }) => String(spec?.secretName))) {
    assert.ok(args.includes(name), name);
  }
});

test('nothing of the webhook is there where it is off', async () => {
  const manifests = await chart.render({ values: layered(SITES, { webhook: { enabled: false } }) });
  const left = manifests.filter(
    ({ kind, metadata }) => metadata.name.includes('webhook') || kind.startsWith('Mutating'),
  );
  assert.deepEqual(left, []);
});

test('every object is in the namespace of the release or belongs to none, except rights where they are needed', async () => {
  const manifests = await chart.render({ values: layered(SITES, { postgres: { create: true } }) });
  const elsewhere = manifests.filter(
    ({ metadata }) => metadata.namespace !== undefined && metadata.namespace !== NAMESPACE,
  );
  assert.deepEqual(
    [...new Set(elsewhere.map(({ kind, metadata }) => `${kind} ${metadata.namespace}`))].sort(),
    ['Role postgres', 'RoleBinding postgres'],
  );
});

test('two releases in one cluster have no name in common', async () => {
  const names = async (release: string) =>
    (await chart.render({ release })).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  const first = new Set(await names('one'));
  assert.deepEqual(
    (await names('two')).filter((name) => first.has(name)),
    [],
  );
});

test('names that look like numbers stay names', async () => {
  const values = {
    controller: {
      sites: { '1': { nodeName: '2' } },
      watch: { namespace: '10', clusterName: '20' },
      dns: { namecheap: { existingSecret: '30' } },
      priorityClassName: '40',
    },
    postgres: { create: true },
    webhook: { certManager: { enabled: true } },
  };
  const args = ['--namespace', '60', '--set', 'fullnameOverride=follower'];
  const manifests = await chart.render({ values, release: '50', args });
  for (const { kind, metadata } of manifests) {
    for (const [what, value] of Object.entries({
      ...metadata,
      ...metadata.labels,
      ...metadata.annotations,
    })) {
      if (typeof value !== 'object')
        assert.equal(typeof value, 'string', `${what} of ${kind} ${metadata.name}`);
    }
  }
  const { containers, priorityClassName } = podSpec(only(manifests, 'Deployment', '-controller'));
  assert.equal(priorityClassName, '40');
  for (const { name, value, valueFrom } of containers[0].env) {
    if (value !== undefined) assert.equal(typeof value, 'string', name);
    if (valueFrom?.secretKeyRef !== undefined) assert.equal(valueFrom.secretKeyRef.name, '30');
  }
  const cluster = parse(only(manifests, 'ConfigMap', '-postgres').data?.['cluster.yaml'] ?? '') as Manifest;
  assert.deepEqual(cluster.metadata, { name: '20', namespace: '10' });
});

test('whom no list names reads no metrics, and reviews still come in', async () => {
  const rulesFrom = async (networkPolicy: object) => {
    const manifests = await chart.render({ values: layered(SITES, { networkPolicy }) });
    return ['-controller', '-webhook'].map(
      (suffix) => only(manifests, 'NetworkPolicy', suffix).spec?.ingress,
    );
  };
  const metricsFrom = [{ podSelector: { matchLabels: { app: 'prometheus' } } }];
  const review = { ports: [{ port: 'webhook' }] };
  const metrics = (from: object) => ({ ports: [{ port: 'http' }], from });
  const usual = metrics([{ namespaceSelector: {} }]);
  assert.deepEqual(await rulesFrom({ enabled: true }), [[usual], [review, usual]]);
  const ours = metrics(metricsFrom);
  assert.deepEqual(await rulesFrom({ enabled: true, metricsFrom }), [[ours], [review, ours]]);
  // A rule with an empty `from` would admit everybody.
  assert.deepEqual(await rulesFrom({ enabled: true, metricsFrom: [] }), [[], [review]]);
});
