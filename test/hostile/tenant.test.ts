import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LABELS, STATUS_CONFIGMAP } from '../../contract/names.ts';
import type { KubeObject, Resource } from '../../kubernetes/api.ts';
import { ignoreNotFound } from '../../kubernetes/errors.ts';
import { listAll } from '../../kubernetes/pages.ts';
import { CONFIG_MAPS, type ConfigMap, PODS } from '../../kubernetes/resources.ts';
import { INSPECTED } from '../support/live-heap.ts';
import { createNamespace, createNodes } from '../support/seed.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';
import { AT_ONCE, inTurns } from './support/in-turns.ts';
import { podsBeside } from './support/pods-beside.ts';
import { STRENGTH } from './support/strength.ts';
import { underAttack } from './support/under-attack.ts';
import { controllerVictim, webhookVictim } from './support/victims.ts';

const IS_SHORT = STRENGTH === 1;
/** Ten times as many as once ended the webhook, of a megabyte each in etcd. */
const LARGE_PODS = IS_SHORT ? 60 : 900;
/** Ten times as many as once ended the controller, all at once. */
const FORGED_COPIES = IS_SHORT ? 120 : 1_500;
/** Comes with the metadata, which is all that a controller asks for: nearly as much as the API server takes. */
const FORGED_ANNOTATION = 200_000;
/** Ten times as many of a megabyte, each written three times until it is gone, take 14 GiB: in the API server's cache. */
const FORGED_DATA = IS_SHORT ? 800_000 : 50_000;
/** Each costs the API server a second. In the short form as many as come at once. */
const REVIEWED_PODS = IS_SHORT ? AT_ONCE : 300;
const LARGE = 1_300_000;
const LIMIT_MS = IS_SHORT ? 120_000 : 1_200_000;
const limits = { timeoutMs: 120_000 };

const plane = await sharedControlPlane();
const { api } = plane;

async function largePods(namespace: string, nodeName: string, count: number): Promise<string> {
  const labels = { [LABELS.inject]: 'true', [LABELS.gate]: 'condition', app: 'web' };
  const env = [{ name: 'TEXT', value: 'x'.repeat(LARGE) }];
  // Without a grace period it is gone as soon as it is deleted, also where no kubelet is.
  const spec = {
    nodeName,
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'web', image: 'web', env }],
  };
  await inTurns(count, (index) =>
    api.create(
      PODS as Resource,
      { metadata: { namespace, name: `large-${index}`, labels }, spec } as KubeObject,
      limits,
    ),
  );
  return `${count} pods`;
}

/** They are asked about before they are refused. */
async function podsWithLongNames(namespace: string): Promise<string> {
  const labels = { [LABELS.inject]: 'true' };
  const ownerReferences = [
    { apiVersion: 'v1', kind: 'K', name: 'n'.repeat(500_000), uid: 'u'.repeat(500_000), controller: true },
  ];
  await inTurns(REVIEWED_PODS, (index) =>
    assert.rejects(
      api.create(
        PODS as Resource,
        {
          metadata: { namespace, name: `${index}-${'x'.repeat(LARGE / 2)}`, labels, ownerReferences },
          spec: { containers: [{ name: 'web', image: 'web' }] },
        } as KubeObject,
        limits,
      ),
      { status: 422 },
    ),
  );
  return `${REVIEWED_PODS} refused pods`;
}

async function forgedCopies(namespaces: readonly string[], source: string): Promise<string> {
  const labels = {
    [LABELS.managedBy]: 'kube-site-follower',
    [LABELS.role]: 'copy',
    [LABELS.follower]: 'default',
    [LABELS.source]: source,
  };
  const annotations = { 'example.com/text': 'x'.repeat(FORGED_ANNOTATION) };
  const data = { text: 'x'.repeat(FORGED_DATA) };
  await inTurns(FORGED_COPIES, (index) => {
    const namespace = namespaces[index % namespaces.length] ?? '';
    const isCopy = index <= namespaces.length;
    const name = isCopy ? STATUS_CONFIGMAP : `forged-${index}`;
    // A copy that nobody has asked for is removed, as far as that goes.
    const finalizers = isCopy ? ['example.com/stay'] : [];
    const metadata = { namespace, name, labels, annotations, finalizers };
    return api.create<ConfigMap>(CONFIG_MAPS, { metadata, data } as ConfigMap, limits);
  });
  return `${FORGED_COPIES} ConfigMaps`;
}

/** Other test files have the same API server. */
async function clear(namespaces: readonly string[]): Promise<void> {
  for (const namespace of namespaces) {
    for (const resource of [PODS, CONFIG_MAPS] as readonly Resource[]) await deleteAll(resource, namespace);
  }
}

async function deleteAll(resource: Resource, namespace: string): Promise<void> {
  const all = await listAll(api, resource, { namespace, metadataOnly: true });
  await inTurns(all.length, async (index) => {
    const key = { namespace, name: all[index - 1]?.metadata.name ?? '' };
    await api.delete(resource, key).catch(ignoreNotFound);
    if (key.name !== STATUS_CONFIGMAP) return;
    const body = { metadata: { finalizers: null } };
    await api.patch(resource, key, body, { type: 'merge', ...limits }).catch(ignoreNotFound);
  });
}

test('a controller and a webhook live through what a tenant may create, also when they start', async (t) => {
  const [controller, webhook] = await Promise.all([controllerVictim(t, plane), webhookVictim(t, plane)]);
  const newNamespace = () => createNamespace(plane, 'tenant');
  const [tenant, reviewed] = await Promise.all([newNamespace(), newNamespace()]);
  const others = await Promise.all(Array.from({ length: 8 }, newNamespace));
  t.after(() => clear([tenant, reviewed, ...others]));
  await webhook.scene.admit(reviewed);
  await createNodes(api, [{ name: tenant }]);
  const beside = (attacking: Promise<unknown>) => podsBeside(api, webhook.scene.pods, attacking);

  await t.test('pods with names of half a megabyte, which are refused', (t) =>
    underAttack(t, webhook, () => beside(podsWithLongNames(reviewed)), LIMIT_MS),
  );
  await t.test('large pods that get the sidecar', (t) =>
    underAttack(t, webhook, () => beside(largePods(reviewed, tenant, REVIEWED_PODS)), LIMIT_MS),
  );
  await t.test('large pods that ask for the sidecar', (t) =>
    underAttack(t, controller, () => largePods(tenant, tenant, LARGE_PODS), LIMIT_MS),
  );
  await t.test('forged copies of the status', (t) =>
    underAttack(t, controller, () => forgedCopies(others, controller.scene.namespace), LIMIT_MS),
  );
  await t.test('a controller that starts among them follows', async (t) => {
    await controller.controller.stop();
    const successor = await controller.scene.start(INSPECTED);
    const { lease: _, ...rest } = controller;
    const victim = { ...rest, child: successor.child, probeUrl: successor.url };
    await underAttack(t, victim, () => successor.leads(), LIMIT_MS);
    await controller.scene.moveTo('us-west');
    await controller.scene.settled('us-west', 2);
  });
  await t.test('a webhook that starts among them looks through all pods for missing sidecars', async (t) => {
    await webhook.child.stop(10_000);
    const [successor] = await webhook.scene.start(1);
    assert.ok(successor);
    const { lease: _, ...rest } = webhook;
    const victim = { ...rest, child: successor.child, probeUrl: successor.url };
    const swept = async () => {
      const text = await (await fetch(`${successor.url}/metrics`)).text();
      const at = /^kube_site_follower_webhook_last_sweep_timestamp_seconds (\S+)$/m.exec(text)?.[1];
      return Number(at) > 0 || undefined;
    };
    const look = () => until('it has looked through all pods', swept, { timeoutMs: LIMIT_MS });
    await underAttack(t, victim, look, LIMIT_MS);
  });
});
