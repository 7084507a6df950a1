import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CLUSTERS } from '../../cnpg/cluster.ts';
import { PROGRAM, REPORT_CONFIGMAP, STATUS_CONFIGMAP } from '../../contract/names.ts';
import {
  CONFIG_MAPS,
  clusterWide,
  LEASES,
  type Lease,
  MUTATING_WEBHOOK_CONFIGURATIONS,
  NODES,
  namespaced,
  PODS,
  type Pod,
  SECRETS,
} from '../../kubernetes/resources.ts';
import { type Permission, RIGHTS_SECTION } from '../../runtime/rights.ts';
import { createAuthority, issueLeaf } from '../../webhook/certificates/authority.ts';
import { encode } from '../../webhook/certificates/store.ts';
import { webhookRights } from '../../webhook/rights.ts';
import { secretNameOf } from '../../webhook/webhook-configuration.ts';
import { Checks, ofOutcome } from '../support/checks.ts';
import type { Environment } from '../support/controller-process.ts';
import { grant, ROLE_BINDINGS } from '../support/rbac.ts';
import { createScene, WEST } from '../support/scene.ts';
import { createNodes, installCnpgCrds } from '../support/seed.ts';
import { ownControlPlane } from '../support/shared-control-plane.ts';
import { dnsSettings, startExampleDns } from '../support/two-sites.ts';
import { until } from '../support/until.ts';
import { createWebhookScene } from '../support/webhook-process.ts';

// Its own: the checks look at everything there is, and what is broken here is for all.
const plane = await ownControlPlane();
const { api } = plane;
const WAIT = { timeoutMs: 60_000 };
const DAY_MS = 86_400_000;
const SERVICE_ACCOUNTS = namespaced('v1', 'serviceaccounts', 'ServiceAccount');
const CRDS = clusterWide('apiextensions.k8s.io/v1', 'customresourcedefinitions', 'CustomResourceDefinition');

describe('kubectl site-follower check', () => {
  test('finds what is broken, and finds it no more when it is mended', { timeout: 400_000 }, async (t) => {
    const scene = await createScene(t, plane);
    await api.delete(NODES, { name: scene.nodes.nowhere });
    const { namespace } = scene;
    const dns = await startExampleDns();
    t.after(() => dns.stop());
    const dnsEnvironment = dnsSettings(dns);
    let controller = await scene.startAndSettle(dnsEnvironment);
    const webhook = await createWebhookScene(t, plane, { namespace, env: { CERTIFICATE_DAYS: '90' } });
    await webhook.start(1);
    await webhook.ready(1);

    const checks = new Checks(namespace, plane.kubeconfig);
    const finds = checks.finds.bind(checks);
    const mended = checks.mended.bind(checks);
    const stopWebhook = async () => {
      for (const { child } of webhook.replicas) await child.stop(10_000);
    };
    const startWebhook = async () => {
      await webhook.start(1);
      await webhook.ready(1);
    };

    await t.test('nothing, while all is well', async () => {
      await mended('dns');
      const looked = await checks.look();
      assert.deepEqual(ofOutcome(looked, 'warning', 'problem', 'unknown'), []);
      // Controller and webhook are processes here, and no pods; and there is no other cluster.
      assert.deepEqual(ofOutcome(looked, 'skipped'), ['own-pods', 'rights', 'peers', 'policies']);
      assert.equal(looked.code, 0);
    });

    await t.test('controller: nobody leads', async () => {
      await controller.stop();
      await finds('controller', 'problem', /^Lease /, /it has no holder.*nothing follows/);
      assert.equal((await checks.look()).code, 1);
      await api.delete(LEASES, { namespace, name: PROGRAM });
      await finds('controller', 'problem', /^Namespace /, /neither a Lease nor a pod/);
      const edited = { data: { epoch: 'many' } };
      await api.patch(CONFIG_MAPS, { namespace, name: STATUS_CONFIGMAP }, edited, { type: 'merge' });
      await finds('controller', 'problem', /^ConfigMap /, /cannot be read: it was edited by hand/);
      controller = await scene.start(dnsEnvironment);
      await mended('controller');
    });

    await t.test('controller: the last site is held', async () => {
      const primary = scene.cluster.instance(0);
      await scene.cluster.deleteInstance(primary);
      await finds('controller', 'warning', /^ConfigMap /, /held: PodNotFound/);
      await scene.cluster.createInstance(primary, scene.nodes.east, 'primary');
      await mended('controller');
    });

    await t.test('rights: none, all, and one binding less', async () => {
      const key = { namespace, name: REPORT_CONFIGMAP };
      const { data } = await api.get(CONFIG_MAPS, key);
      const rights = {
        controller: JSON.parse(data?.[RIGHTS_SECTION] ?? '') as readonly Permission[],
        webhook: webhookRights({
          namespace,
          configuration: webhook.configuration.metadata.name,
          makesCertificates: true,
          statuses: [STATUS_CONFIGMAP],
        }),
      };
      const user = (component: string) => `system:serviceaccount:${namespace}:${component}-account`;
      for (const component of Object.keys(rights)) {
        const name = `${component}-account`;
        await api.create(SERVICE_ACCOUNTS, { metadata: { namespace, name } });
        await api.create(PODS, {
          metadata: { namespace, name: component, labels: { 'app.kubernetes.io/component': component } },
          spec: { serviceAccountName: name, containers: [{ name: component, image: component }] },
        } as Pod);
        const about = new RegExp(`^ServiceAccount ${namespace}/${name}$`);
        const { action } = await finds('rights', 'problem', about, /may not get, list, watch, update/);
        assert.match(action, new RegExp(`--as=${user(component)}`));
      }
      for (const [component, needed] of Object.entries(rights)) {
        await grant(plane, { user: { name: user(component) }, rights: needed });
      }
      await mended('rights');

      const binding = { name: user('controller'), namespace: scene.cluster.namespace };
      const bound = await api.get(ROLE_BINDINGS, binding);
      await api.delete(ROLE_BINDINGS, binding);
      const { text } = await finds(
        'rights',
        'problem',
        /\/controller-account$/,
        /clusters\.postgresql\.cnpg\.io/,
      );
      assert.match(
        text,
        new RegExp(`in namespace ${binding.namespace}\\. What that is for: Reads which instance`),
      );
      await api.create(ROLE_BINDINGS, { ...bound, metadata: binding });
      await mended('rights');
      for (const name of Object.keys(rights)) await api.delete(PODS, { namespace, name });
    });

    await t.test('followed: no Cluster, no CRD', async () => {
      await scene.cluster.delete();
      await finds('followed', 'problem', /^Cluster /, /does not exist/);
      const crd = `${CLUSTERS.plural}.${CLUSTERS.group}`;
      await api.delete(CRDS, { name: crd });
      await finds('followed', 'problem', /^CRD /, /CloudNativePG is not installed/);
      await until(
        'the CRD is gone',
        () =>
          api.get(CRDS, { name: crd }).then(
            () => undefined,
            () => true,
          ),
        WAIT,
      );
      await installCnpgCrds(api);
      for (const index of [0, 1])
        await scene.cluster.deleteInstance(scene.cluster.instance(index)).catch(() => undefined);
      await scene.cluster.create();
      await mended('followed');
      await mended('controller');
    });

    await t.test('nodes: one in no site, all of a site gone, and one of two', async () => {
      await createNodes(api, [{ name: 'stray' }]);
      await finds('nodes', 'warning', /^Node stray$/, /in no site/);
      await api.delete(NODES, { name: 'stray' });
      await api.delete(NODES, { name: scene.nodes.west });
      await finds('nodes', 'problem', /^Site us-west$/, /none of its nodes exists/);
      await createNodes(api, [{ name: scene.nodes.west }]);
      await mended('nodes');

      const restart = async (more: Environment) => {
        await controller.stop();
        controller = await scene.start({ ...dnsEnvironment, ...more });
      };
      const sites = scene.sites.map((site) =>
        site.name === WEST ? { ...site, nodeNames: ['west-second'] } : site,
      );
      await createNodes(api, [{ name: 'west-second' }]);
      await restart({ SITES: JSON.stringify(sites) });
      await mended('nodes');
      await api.delete(NODES, { name: 'west-second' });
      await finds(
        'nodes',
        'warning',
        /^Node west-second$/,
        /site us-west .* names it, but it does not exist/,
      );
      await restart({});
      await mended('nodes');
    });

    await t.test('dns: the provider refuses', async () => {
      dns.misbehave('setHosts', { kind: 'error', number: '2016166', text: 'not yours' });
      dns.put('example.com', {
        ...dns.zone('example.com'),
        hosts: dns
          .zone('example.com')
          .hosts.map((host) => (host.type === 'A' ? { ...host, address: '203.0.113.1' } : host)),
      });
      await controller.stop();
      controller = await scene.start(dnsEnvironment);
      await finds('dns', 'problem', /^DNS .*example\.com A$/, /has not accepted it: .*not yours/);
      // It waits long after such a refusal, as only a human can put it right.
      await controller.stop();
      controller = await scene.start(dnsEnvironment);
      await mended('dns');
    });

    await t.test('clocks: a node is ahead', async () => {
      const lease = { metadata: { name: 'node-lease-test', namespace: 'kube-node-lease' } };
      const renewed = (ms: number): Lease => ({
        ...lease,
        spec: {
          holderIdentity: 'x',
          leaseDurationSeconds: 40,
          renewTime: new Date(Date.now() + ms).toISOString().replace('Z', '000Z'),
        },
      });
      await api.create(LEASES, renewed(600_000));
      const { text } = await finds('clocks', 'problem', /^Node node-lease-test$/, /ahead of the API server/);
      assert.match(text, /(9m5\ds|10m)/);
      const { metadata } = await api.get(LEASES, lease.metadata);
      await api.replace(LEASES, { ...renewed(0), metadata });
      await mended('clocks');
    });

    await t.test('webhook: it is away, and is not asked', async () => {
      await stopWebhook();
      await finds('webhook', 'problem', /^MutatingWebhookConfiguration /, /no labelled pod can be created: /);
      const policy = async (failurePolicy: 'Fail' | 'Ignore') => {
        const stored = await webhook.stored();
        const webhooks = (stored.webhooks ?? []).map((entry) => ({ ...entry, failurePolicy }));
        await api.replace(MUTATING_WEBHOOK_CONFIGURATIONS, { ...stored, webhooks });
      };
      await policy('Ignore');
      await finds('webhook', 'problem', /^MutatingWebhookConfiguration /, /would get no sidecar/);
      await policy('Fail');
      await startWebhook();
      await mended('webhook');
    });

    await t.test('webhook: there is none', async () => {
      const { metadata, webhooks = [] } = await webhook.stored();
      const { name, labels } = metadata;
      await api.delete(MUTATING_WEBHOOK_CONFIGURATIONS, { name });
      await finds('webhook', 'warning', /^MutatingWebhookConfiguration$/, /labelled pods get no sidecar/);
      assert.ok(ofOutcome(await checks.look(), 'skipped').includes('ca-bundle'));
      const again = { metadata: { name, ...(labels && { labels }) }, webhooks };
      await api.create(MUTATING_WEBHOOK_CONFIGURATIONS, again);
      await mended('webhook');
    });

    await t.test('certificate: it has ended, or ends soon; ca-bundle: it does not fit', async () => {
      await stopWebhook();
      const key = { namespace, name: secretNameOf(webhook.configuration.metadata.name) };
      const authority = await createAuthority(Date.now(), 3_650 * DAY_MS);
      const leaf = await issueLeaf(authority, ['127.0.0.1'], Date.now(), 5.5 * DAY_MS);
      const serve = async (served: typeof leaf) =>
        api.replace(SECRETS, { ...(await api.get(SECRETS, key)), data: encode({ authority, leaf: served }) });
      await serve(await issueLeaf(authority, ['127.0.0.1'], Date.now() - 6 * DAY_MS, 3 * DAY_MS));
      await finds('certificate', 'problem', /^Secret /, /has expired [34] days ago: no labelled pod/);
      await serve(leaf);
      const { about } = await finds('certificate', 'problem', /^Secret /, /expires in 5 days/);
      assert.doesNotMatch(about, /BEGIN/);
      await finds('ca-bundle', 'problem', /^MutatingWebhookConfiguration /, /does not match the certificate/);
      await startWebhook();
      await mended('certificate');
      await mended('ca-bundle');
    });

    await t.test('certificate: the Secret is not there', async () => {
      await stopWebhook();
      const key = { namespace, name: secretNameOf(webhook.configuration.metadata.name) };
      await api.delete(SECRETS, key);
      await finds('certificate', 'problem', /^Secret /, /is missing, and the webhook may not create it/);
      await api.create(SECRETS, { metadata: key });
      await startWebhook();
      await mended('certificate');
      await mended('ca-bundle');
    });

    await t.test('certificate: one of cert-manager ends soon', async () => {
      const authority = await createAuthority(Date.now(), 3_650 * DAY_MS);
      const leaf = await issueLeaf(authority, ['127.0.0.1'], Date.now(), 5.5 * DAY_MS);
      const data = { 'tls.crt': Buffer.from(leaf.certificate).toString('base64') };
      await api.create(SECRETS, { metadata: { namespace, name: 'webhook-certificate' }, data });
      const annotate = (value: string | null) => {
        const metadata = { annotations: { 'cert-manager.io/inject-ca-from': value } };
        const { name } = webhook.configuration.metadata;
        return api.patch(MUTATING_WEBHOOK_CONFIGURATIONS, { name }, { metadata }, { type: 'merge' });
      };
      await annotate(`${namespace}/webhook`);
      await finds('certificate', 'problem', /^Secret .*\/webhook-certificate$/, /expires in 5 days/);
      await finds('ca-bundle', 'problem', /^MutatingWebhookConfiguration /, /does not match the certificate/);
      await annotate(null);
      await mended('certificate');
      await mended('ca-bundle');
    });

    await t.test('and nothing at the end', async () => {
      const looked = await checks.look();
      assert.deepEqual(ofOutcome(looked, 'warning', 'problem', 'unknown'), []);
      assert.equal(looked.code, 0);
    });
  });
});
