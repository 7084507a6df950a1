/** What somebody can do who has the account of the controller or of the webhook, on a real API server. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, type TestContext, test } from 'node:test';
import { LABELS, PROGRAM, STATUS_CONFIGMAP } from '../../contract/names.ts';
import { ACTIVE_CONDITION, activeLabel, siteLabel } from '../../contract/routing.ts';
import { loadConfig } from '../../controller/config.ts';
import { rightsOf } from '../../controller/rights.ts';
import type { KubeApi, KubeObject, ObjectKey, Resource } from '../../kubernetes/api.ts';
import { CONFIG_MAPS, LEASES, NODES, PODS, SECRETS, SERVICES } from '../../kubernetes/resources.ts';
import type { Permission } from '../../runtime/rights.ts';
import { webhookRights } from '../../webhook/rights.ts';
import { chartUnderTest, SITES } from '../support/chart/render.ts';
import { connectAs } from '../support/control-plane-access.ts';
import type { Environment } from '../support/controller-process.ts';
import { exerciseCopy, exerciseFollowing } from '../support/exercise.ts';
import { VALIDATING_POLICIES, VALIDATING_POLICY_BINDINGS } from '../support/policies.ts';
import { grant } from '../support/rbac.ts';
import { Registrar } from '../support/registrar.ts';
import { ADDRESSES, createScene, type Scene, WEST } from '../support/scene.ts';
import { createNamespace } from '../support/seed.ts';
import { ownControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';

/** Policies are for all namespaces, and every controller serves all of them. */
const plane = await ownControlPlane();
const { api } = plane;
const chart = await chartUnderTest();

async function as(t: TestContext, name: string, rights: readonly Permission[]): Promise<KubeApi> {
  await grant(plane, { user: { name }, rights });
  const client = connectAs(await plane.kubeconfigFor({ name }));
  t.after(() => client.close());
  return client;
}

function assertRefused(what: string, call: Promise<unknown>, why = /forbidden/): Promise<void> {
  return assert.rejects(
    call,
    (error: Error & { status?: number }) => {
      assert.equal(error.status, 403, `${what}: ${error.message}`);
      assert.match(error.message, why, what);
      return true;
    },
    what,
  );
}

const FOREIGN = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };

function controllerRights(namespace: string): readonly Permission[] {
  const sites = [{ name: 'us', nodeSelector: 'site=us' }];
  const loaded = loadConfig(
    { SITES: JSON.stringify(sites), CNPG_NAMESPACE: namespace, NODE_LABEL: 'true' },
    () => '',
  );
  assert.ok(loaded.ok);
  return rightsOf(loaded.value.followers[0], { namespace, configMapName: STATUS_CONFIGMAP });
}

describe('somebody with the account of', { concurrency: 1 }, () => {
  test('the controller reads and changes no ConfigMap, Secret or Lease of anybody else', async (t) => {
    const own = await createNamespace(plane, 'release');
    const lost = await as(t, `lost-controller-${randomBytes(3).toString('hex')}`, controllerRights(own));
    const foreign = await api.get(CONFIG_MAPS, FOREIGN);
    await assertRefused('get', lost.get(CONFIG_MAPS, FOREIGN));
    await assertRefused('list', lost.list(CONFIG_MAPS, {}));
    await assertRefused('list by label', lost.list(CONFIG_MAPS, { labelSelector: 'a=b' }));
    await assertRefused('replace', lost.replace(CONFIG_MAPS, foreign));
    await assertRefused('delete', lost.delete(CONFIG_MAPS, FOREIGN));
    await assertRefused('own namespace', lost.get(CONFIG_MAPS, { namespace: own, name: 'kube-root-ca.crt' }));
    await assertRefused('secrets', lost.list(SECRETS, { namespace: own }));
    const lease = { namespace: own, name: `${PROGRAM}-webhook` };
    await api.create(LEASES, { metadata: lease });
    await assertRefused('leases', lost.replace(LEASES, await api.get(LEASES, lease)));
    const fieldSelector = `metadata.name=${STATUS_CONFIGMAP}`;
    assert.deepEqual((await lost.list(CONFIG_MAPS, { fieldSelector })).items, []);
  });

  test('the webhook makes and reads no Secret but its own, and takes no Lease of the controller', async (t) => {
    const namespace = await createNamespace(plane, 'release');
    const configuration = `${PROGRAM}-webhook`;
    const statuses = [STATUS_CONFIGMAP];
    const rights = webhookRights({ namespace, configuration, makesCertificates: true, statuses });
    const lost = await as(t, `lost-webhook-${randomBytes(3).toString('hex')}`, rights);
    const token = {
      metadata: {
        namespace,
        name: 'token-of-the-controller',
        annotations: { 'kubernetes.io/service-account.name': `${PROGRAM}-controller` },
      },
      type: 'kubernetes.io/service-account-token',
    };
    await assertRefused('a token', lost.create(SECRETS, token));
    await api.create(SECRETS, { metadata: { namespace, name: 'foreign' } });
    await assertRefused('another Secret', lost.get(SECRETS, { namespace, name: 'foreign' }));
    await assertRefused('all Secrets', lost.list(SECRETS, { namespace }));
    await assertRefused('ConfigMaps', lost.list(CONFIG_MAPS, { namespace }));
    await assertRefused('others', lost.get(CONFIG_MAPS, FOREIGN));
    const lease = { namespace, name: PROGRAM };
    await api.create(LEASES, { metadata: lease });
    await assertRefused('the Lease', lost.replace(LEASES, await api.get(LEASES, lease)));
  });
});

interface PolicyScene {
  readonly scene: Scene;
  readonly user: { readonly name: string };
}

/** The policies of the chart are in force for the account of a controller in the namespace of the scene. */
async function createPolicyScene(t: TestContext, settings: Environment = {}): Promise<PolicyScene> {
  const scene = await createScene(t, plane);
  const values = { ...SITES, admissionPolicy: { enabled: true } };
  const manifests = await chart.render({ values, args: ['--namespace', scene.namespace] });
  const policies = manifests.filter(({ kind }) => kind.startsWith('ValidatingAdmissionPolicy'));
  assert.equal(policies.length, 10);
  // That of the ConfigMaps last: an API server takes them up in this order, and it is the one that shows below that it has.
  for (const policy of policies.toReversed()) {
    const resource = POLICIES[policy.kind];
    assert.ok(resource);
    await api.create<KubeObject>(resource, policy);
    t.after(() => api.delete(resource, policy.metadata));
  }
  const user = { name: `system:serviceaccount:${scene.namespace}:${PROGRAM}-controller` };
  const loaded = loadConfig({ ...(await scene.environment()), NODE_LABEL: 'true', ...settings }, () => '');
  assert.ok(loaded.ok);
  const [follower] = loaded.value.followers;
  const own = { namespace: scene.namespace, configMapName: STATUS_CONFIGMAP };
  await grant(plane, { user, rights: rightsOf(follower, own) });
  await until('the policies are in force', async (abort) => areInForce(user, abort), { timeoutMs: 30_000 });
  return { scene, user };
}

const POLICIES: Readonly<Record<string, Resource>> = {
  ValidatingAdmissionPolicy: VALIDATING_POLICIES,
  ValidatingAdmissionPolicyBinding: VALIDATING_POLICY_BINDINGS,
};

async function areInForce(user: { readonly name: string }, abort: AbortSignal): Promise<true | undefined> {
  const client = connectAs(await plane.kubeconfigFor(user));
  try {
    await client.create(
      CONFIG_MAPS,
      { metadata: { namespace: 'default', generateName: 'probe-' } as never },
      { abort },
    );
    return undefined;
  } catch (error) {
    return /may be created/.test(String(error)) || undefined;
  } finally {
    await client.close();
  }
}

test('with the admission policy the controller does all that it has to', async (t) => {
  const registrar = await Registrar.start(t, ADDRESSES[WEST]);
  const { scene, user } = await createPolicyScene(t, registrar.environment);
  const controller = await scene.startAndSettle({ ...registrar.environment, NODE_LABEL: 'true' }, { user });
  await exerciseCopy(t, plane, scene, async () => {
    await scene.moveTo(WEST);
    await scene.settled(WEST, 2);
  });
  await exerciseFollowing(plane, scene);
  const label = activeLabel('default');
  await until(
    'the node of the active site is labelled',
    async (abort) => (await api.get(NODES, { name: scene.nodes.west }, { abort })).metadata.labels?.[label],
    { timeoutMs: 20_000 },
  );
  await controller.child.stop();
  assert.deepEqual(
    controller.child.lines.filter((line) => /forbidden|denied/i.test(line)),
    [],
  );
});

test('with the admission policy whoever has its account can do nothing else to pods, Services and nodes', async (t) => {
  const { scene, user } = await createPolicyScene(t);
  const lost = connectAs(await plane.kubeconfigFor(user));
  t.after(() => lost.close());
  const key = { namespace: await createNamespace(plane, 'app'), name: 'web' };
  const labels = { app: 'web' };
  const spec = { nodeName: scene.nodes.east, containers: [{ name: 'web', image: 'example/web:1' }] };
  await api.create(PODS, { metadata: { ...key, labels }, spec });
  const routing = { selector: labels, ports: [{ port: 80 }] };
  const follows = { ...labels, [LABELS.follow]: 'true' };
  await api.create(SERVICES, { metadata: { ...key, labels: follows }, spec: routing });
  const silent = { ...key, name: 'silent' };
  await api.create(SERVICES, { metadata: { ...silent, labels }, spec: routing });
  const bare = { ...key, name: 'bare' };
  await api.create(SERVICES, { metadata: { ...bare, labels: follows }, spec: { ...routing, selector: {} } });
  const left = { ...key, name: 'left' };
  const selector = { ...labels, [siteLabel('default')]: 'us-east' };
  await api.create(SERVICES, { metadata: { ...left, labels }, spec: { ...routing, selector } });
  const node: ObjectKey = { name: scene.nodes.east };

  const site = siteLabel('default');
  const status = { subresource: 'status' } as const;
  const condition = (type: string) => ({ status: { conditions: [{ type, status: 'True' }] } });
  const passes: readonly (readonly [Resource, ObjectKey, object, object?])[] = [
    [PODS, key, { metadata: { labels: { [site]: 'us-east' } } }],
    [PODS, key, { metadata: { labels: { [site]: null } } }],
    [PODS, key, condition(ACTIVE_CONDITION), { ...status, type: 'strategic' }],
    [
      SERVICES,
      key,
      {
        metadata: { annotations: { 'site-follower/epoch': '1' } },
        spec: { selector: { [site]: 'us-east' } },
      },
    ],
    [
      SERVICES,
      key,
      { metadata: { annotations: { 'site-follower/epoch': null } }, spec: { selector: { [site]: null } } },
    ],
    [SERVICES, left, { spec: { selector: { [site]: null } } }],
    [NODES, node, { metadata: { labels: { [activeLabel('default')]: 'true' } } }],
  ];
  for (const [resource, of, body, options] of passes) {
    await lost.patch(resource, of, body, { type: 'merge', ...options });
  }
  const refused: readonly (readonly [Resource, ObjectKey, object, object?])[] = [
    [PODS, key, { spec: { containers: [{ name: 'web', image: 'example/other:1' }] } }, { type: 'strategic' }],
    [PODS, key, { metadata: { labels: { app: 'other' } } }],
    [PODS, key, { metadata: { labels: { app: null } } }],
    [PODS, key, { metadata: { annotations: { a: 'b' } } }],
    [PODS, key, { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'x', uid: 'x' }] } }],
    [PODS, key, { metadata: { finalizers: ['example.com/stay'] } }],
    [
      PODS,
      key,
      [{ op: 'add', path: '/spec/tolerations/-', value: { operator: 'Exists' } }],
      { type: 'json' },
    ],
    [PODS, key, condition('Ready'), { ...status, type: 'strategic' }],
    [PODS, key, { status: { phase: 'Failed' } }, status],
    [PODS, key, { status: { podIP: '192.0.2.1', podIPs: [{ ip: '192.0.2.1' }] } }, status],
    [SERVICES, silent, { spec: { selector: { [site]: 'nowhere' } } }],
    [SERVICES, bare, { spec: { selector: { [site]: 'us-east' } } }],
    [SERVICES, key, { spec: { selector: { app: 'other' } } }],
    [SERVICES, key, { spec: { selector: null } }],
    [SERVICES, key, { spec: { ports: [{ port: 81 }] } }],
    [SERVICES, key, { spec: { externalIPs: ['192.0.2.1'] } }],
    [SERVICES, key, { spec: { type: 'NodePort' } }],
    [SERVICES, key, { metadata: { labels: { app: 'other' } } }],
    [
      SERVICES,
      key,
      { metadata: { annotations: { 'external-dns.alpha.kubernetes.io/hostname': 'a.example.com' } } },
    ],
    [NODES, node, { metadata: { labels: { zone: 'other' } } }],
    [NODES, node, { metadata: { annotations: { a: 'b' } } }],
    [NODES, node, { spec: { unschedulable: true } }],
    [NODES, node, { spec: { taints: [{ key: 'a', effect: 'NoExecute' }] } }],
  ];
  for (const [resource, of, body, options] of refused) {
    const what = `${resource.kind} ${JSON.stringify(body)}`;
    await assertRefused(
      what,
      lost.patch(resource, of, body, { type: 'merge', ...options }),
      /may change nothing/,
    );
  }
  const another = { metadata: { namespace: key.namespace, name: 'another' }, data: { a: 'b' } };
  await assertRefused('another ConfigMap', lost.create(CONFIG_MAPS, another), /may be created/);
  for (const name of ['kube-site-follower-zone-x', `${PROGRAM}-injection`]) {
    const elsewhere = { metadata: { namespace: key.namespace, name } };
    await assertRefused(name, lost.create(CONFIG_MAPS, elsewhere), /may be created/);
  }
  const zone = { namespace: scene.namespace, name: 'kube-site-follower-zone-x' };
  await lost.create(CONFIG_MAPS, { metadata: zone });
});
