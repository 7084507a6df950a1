import { after, test } from 'node:test';
import { LABELS, STATUS_CONFIGMAP } from '../../contract/names.ts';
import type { KubeObject, Resource } from '../../kubernetes/api.ts';
import { CONFIG_MAPS, type ConfigMap, PODS } from '../../kubernetes/resources.ts';
import { startControlPlane } from '../support/control-plane.ts';
import { buildController } from '../support/controller-process.ts';
import { INSPECTED } from '../support/live-heap.ts';
import { createNamespace, installCnpgCrds } from '../support/seed.ts';
import { until } from '../support/until.ts';
import { STRENGTH } from './support/strength.ts';
import { underAttack } from './support/under-attack.ts';
import { controllerVictim, webhookVictim } from './support/victims.ts';

const LARGE = 1_300_000;
const AT_ONCE = 4;
/** Each is a megabyte in etcd, so the strong form is not ten times as strong. */
const OBJECTS = STRENGTH === 1 ? 60 : 150;
const LIMIT_MS = 120_000;

// Its own, as what is made here would be in the way of every other test.
const ends = new AsyncDisposableStack();
after(() => ends.disposeAsync());
const plane = await startControlPlane();
ends.defer(() => plane.stop());
await installCnpgCrds(plane.api);
await buildController();

async function inTurns(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) {
      next += 1;
      await work(next);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

async function largePods(namespace: string): Promise<string> {
  const labels = { [LABELS.inject]: 'true', [LABELS.gate]: 'condition', app: 'web' };
  const env = [{ name: 'TEXT', value: 'x'.repeat(LARGE) }];
  await inTurns(OBJECTS, (index) =>
    plane.api.create(
      PODS as Resource,
      {
        metadata: { namespace, name: `large-${index}`, labels },
        spec: { nodeName: 'nowhere', containers: [{ name: 'web', image: 'web', env }] },
      } as KubeObject,
      { timeoutMs: LIMIT_MS },
    ),
  );
  return `${OBJECTS} pods`;
}

async function forgedCopies(namespaces: readonly string[], source: string): Promise<string> {
  const labels = {
    [LABELS.managedBy]: 'kube-site-follower',
    [LABELS.role]: 'copy',
    [LABELS.follower]: 'default',
    [LABELS.source]: source,
  };
  const data = { text: 'x'.repeat(1_000_000) };
  await inTurns(OBJECTS, (index) => {
    const namespace = namespaces[index % namespaces.length] ?? '';
    const name = index <= namespaces.length ? STATUS_CONFIGMAP : `forged-${index}`;
    const metadata = { namespace, name, labels, finalizers: ['example.com/stay'] };
    return plane.api.create<ConfigMap>(CONFIG_MAPS, { metadata, data } as ConfigMap, { timeoutMs: LIMIT_MS });
  });
  return `${OBJECTS} ConfigMaps`;
}

test('a controller and a webhook live through what a tenant may create, also when they start', async (t) => {
  const controller = await controllerVictim(t, plane);
  const webhook = await webhookVictim(t, plane);
  const tenant = await createNamespace(plane, 'tenant');
  const others = await Promise.all(Array.from({ length: 8 }, () => createNamespace(plane, 'tenant')));

  await t.test('large pods that ask for the sidecar', (t) =>
    underAttack(t, controller, () => largePods(tenant), LIMIT_MS),
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
  await t.test('the webhook looks through all pods for missing sidecars', async (t) => {
    const since = Date.now() / 1_000;
    const swept = async () => {
      const text = await (await fetch(`${webhook.probeUrl}/metrics`)).text();
      const at = /^kube_site_follower_webhook_last_sweep_timestamp_seconds (\S+)$/m.exec(text)?.[1];
      return Number(at) > since || undefined;
    };
    const look = () => until('it has looked through all pods', swept, { timeoutMs: LIMIT_MS });
    await underAttack(t, webhook, look, LIMIT_MS);
  });
});
