import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LABELS } from '../../contract/names.ts';
import { SIDECAR_CONTAINER } from '../../contract/sidecar.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import type { Workload } from '../cluster/workloads.ts';
import { ListedApi } from '../testing/listed-api.ts';
import { pod } from '../testing/scene.ts';
import { SIDECARS } from './sidecars.ts';
import { World } from './world.ts';

const NOW = Date.parse('2026-11-25T03:04:05.000Z');
const ASKS = { [LABELS.inject]: 'true' };

async function findings(objects: ConstructorParameters<typeof ListedApi>[0]): Promise<readonly string[]> {
  const world = new World({
    api: new ListedApi(objects),
    clock: { now: () => NOW, elapsed: () => 0, after: () => () => undefined },
    abort: new AbortController().signal,
    followers: [],
  });
  return (await SIDECARS.find(world)).findings.map(({ about, text }) => `${about}: ${text}`);
}

function workload(name: string, more: Omit<Workload, 'metadata' | 'spec'>, labels: object = ASKS): Workload {
  return {
    metadata: { namespace: 'shop', name, uid: `uid-of-${name}` },
    spec: { replicas: 2, template: { metadata: { labels: { ...labels } } } },
    ...more,
  };
}

const refused = {
  status: { conditions: [{ type: 'ReplicaFailure', status: 'True', message: 'image is not signed' }] },
};

test('a Deployment whose pods are refused is found where it asks for the sidecar', async () => {
  const off = { [LABELS.inject]: 'false' };
  const deployments = [
    workload('web', refused),
    workload('other', refused, {}),
    workload('off', refused, off),
  ];
  const web = 'Deployment shop/web: its pods are refused: image is not signed';
  assert.deepEqual(await findings({ deployments }), [web]);
  const namespaces = [{ metadata: { name: 'shop', labels: ASKS } }];
  assert.deepEqual(await findings({ deployments, namespaces }), [web, web.replace('web', 'other')]);
});

const event = (name: string, minutesAgo: number, more: object = {}): KubeObject =>
  Object.assign(
    { metadata: { namespace: 'shop', name: `event-of-${name}` } },
    {
      note: `Error creating: ${name}-0 is forbidden`,
      deprecatedLastTimestamp: new Date(NOW - minutesAgo * 60_000).toISOString(),
      regarding: { uid: `uid-of-${name}` },
      ...more,
    },
  );

test('of other workloads Events tell, as long as they are recent and pods are missing', async () => {
  const statefulsets = [
    workload('db', { status: { replicas: 0 } }),
    workload('old', { status: { replicas: 1 } }),
    workload('whole', { status: { replicas: 2 } }),
  ];
  const daemonsets = [workload('agent', { status: { desiredNumberScheduled: 2, numberAvailable: 1 } })];
  const newer = { deprecatedLastTimestamp: undefined, eventTime: new Date(NOW).toISOString() };
  const events = [event('db', 1), event('old', 30), event('whole', 1), event('agent', 0, newer)];
  assert.deepEqual(await findings({ statefulsets, daemonsets, events }), [
    'StatefulSet shop/db: its pods are refused: Error creating: db-0 is forbidden',
    'DaemonSet shop/agent: its pods are refused: Error creating: agent-0 is forbidden',
  ]);
  assert.deepEqual(await findings({ statefulsets, daemonsets, events: 'forbidden' }), []);
});

test('an image is found where it is that of the sidecar, and told once', async () => {
  const image = 'registry.example.com/kube-site-follower:0.1.0';
  const state = { waiting: { reason: 'ErrImagePull', message: `${image}: not found` } };
  const unpulled = (name: string, container: string) => {
    const { metadata, spec, status } = pod({ name, node: 'node-1' });
    const initContainers = [{ name: SIDECAR_CONTAINER, image }];
    const statuses = [{ name: container, ready: false, state }];
    return {
      metadata,
      spec: { ...spec, initContainers },
      status: { ...status, initContainerStatuses: statuses, containerStatuses: statuses },
    };
  };
  const pods = [unpulled('a', SIDECAR_CONTAINER), unpulled('b', SIDECAR_CONTAINER), unpulled('c', 'app')];
  assert.deepEqual(await findings({ pods }), [
    `Image ${image}: node-1 cannot pull it (ErrImagePull: not found), so these pods do not start: shop/a, shop/b`,
  ]);
});
