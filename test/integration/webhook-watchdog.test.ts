import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { pino } from 'pino';
import { LABELS } from '../../contract/names.ts';
import { EventRecorder } from '../../kubernetes/events.ts';
import { CONFIG_MAPS, EVENTS, NAMESPACES, PODS, type Pod } from '../../kubernetes/resources.ts';
import { systemClock as clock } from '../../runtime/clock.ts';
import { INJECTION_CONFIGMAP, InjectionWatchdog } from '../../webhook/injection-watchdog.ts';
import { createMetrics } from '../../webhook/metrics.ts';
import { startControlPlane } from '../support/control-plane.ts';
import { askingPod, podIn } from '../support/pod-stream.ts';
import { createNamespace } from '../support/seed.ts';

// Its own, since the watchdog looks at all pods there are.
const plane = await startControlPlane();
after(() => plane.stop());
const { api } = plane;

async function watchdog() {
  const namespace = await createNamespace(plane, 'webhook');
  const metrics = createMetrics('1');
  const events = new EventRecorder({
    api,
    clock,
    random: Math.random,
    reportingController: 'test',
    reportingInstance: 'test',
  });
  const log = pino({ level: 'silent' });
  const watchdog = new InjectionWatchdog({
    followed: () => [],
    api,
    clock,
    random: Math.random,
    log,
    metrics,
    events,
    namespace,
  });
  return {
    namespace,
    sweep: async () => {
      await watchdog.sweep(new AbortController().signal);
      await events.flush();
      const { data = {}, metadata } = await api.get(CONFIG_MAPS, { name: INJECTION_CONFIGMAP, namespace });
      const pods = JSON.parse(data.pods ?? '') as { readonly pod: string; readonly owner?: string }[];
      const text = await metrics.expose();
      const gauge = Number(/^kube_site_follower_webhook_pods_missed (\d+)$/m.exec(text)?.[1]);
      assert.deepEqual([gauge, Number(data.missed)], [pods.length, pods.length]);
      return { pods, version: metadata.resourceVersion };
    },
  };
}

async function create(pod: Pod): Promise<string> {
  return (await api.create(PODS, pod)).metadata.name;
}

async function setPhase(namespace: string, name: string, phase: string): Promise<void> {
  await api.patch(PODS, { namespace, name }, { status: { phase } }, { type: 'merge', subresource: 'status' });
}

test('pods that ask and run without the sidecar are told, once, and left alone', async () => {
  const { namespace: own, sweep } = await watchdog();
  const [plain, asking] = await Promise.all([
    createNamespace(plane, 'plain'),
    createNamespace(plane, 'asking'),
  ]);
  const labels = { [LABELS.inject]: 'true' };
  await api.patch(NAMESPACES, { name: asking }, { metadata: { labels } }, { type: 'merge' });
  assert.deepEqual((await sweep()).pods, []);

  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: 'u-1', controller: true };
  const owned = askingPod(plain);
  const missed = [
    await create(askingPod(plain)),
    await create(podIn(asking)),
    await create({ ...owned, metadata: { ...owned.metadata, ownerReferences: [owner] } }),
  ];
  const hostNetwork = askingPod(plain);
  const done = await create(askingPod(plain));
  await setPhase(plain, done, 'Succeeded');
  await create(podIn(plain));
  await create(podIn(asking, { [LABELS.inject]: 'false' }));
  await create(askingPod(own));
  await create({ ...hostNetwork, spec: { ...hostNetwork.spec, hostNetwork: true } } as Pod);

  const first = await sweep();
  assert.deepEqual(first.pods.map(({ pod }) => pod).sort(), [...missed].sort());
  assert.equal(first.pods.find(({ pod }) => pod === missed[2])?.owner, 'ReplicaSet/web-1');
  const second = await sweep();
  assert.equal(second.version, first.version, 'written though nothing was new');
  const { items } = await api.list(EVENTS, { namespace: plain });
  assert.deepEqual(
    items.map(({ reason, regarding }) => `${reason} ${regarding.kind} ${regarding.name}`).sort(),
    [`InjectionMissed Pod ${missed[0]}`, 'InjectionMissed ReplicaSet web-1'].sort(),
  );

  for (const name of missed.filter((pod) => pod !== missed[1]))
    await api.delete(PODS, { namespace: plain, name });
  assert.deepEqual(
    (await sweep()).pods.map(({ pod }) => pod),
    [missed[1]],
  );
});
