/** etcd is restored to an older copy while two replicas run: what a restore from a backup does to its clients. */
import { after, test } from 'node:test';
import { LABELS, STATUS_CONFIGMAP } from '../../contract/names.ts';
import { ACTIVE_CONDITION, siteLabel } from '../../contract/routing.ts';
import { decodeStatus } from '../../contract/status.ts';
import {
  CONFIG_MAPS,
  NAMESPACES,
  PODS,
  type Pod,
  SERVICES,
  type Service,
} from '../../kubernetes/resources.ts';
import { startControlPlane } from '../support/control-plane.ts';
import { buildController } from '../support/controller-process.ts';
import { createScene, EAST, type Scene, WEST } from '../support/scene.ts';
import { createNamespace, installCnpgCrds } from '../support/seed.ts';
import { until } from '../support/until.ts';

const LIMIT_MS = 30_000;
/** Of other clients, as there are in any cluster: so far ahead is a watch from before. */
const OTHER_WRITES = 300;

const ends = new AsyncDisposableStack();
after(() => ends.disposeAsync());
const plane = await startControlPlane();
ends.defer(() => plane.stop());
await installCnpgCrds(plane.api);
await buildController();

async function createGatedPod(namespace: string, name: string, nodeName: string): Promise<void> {
  const key = { namespace, name };
  await plane.api.create<Pod>(PODS, {
    metadata: { ...key, labels: { app: 'web', [LABELS.gate]: 'condition' } },
    spec: { nodeName, containers: [{ name: 'web', image: 'web' }] },
  } as Pod);
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  await plane.api.patch(PODS, key, { status }, { type: 'merge', subresource: 'status' });
}

/** All that follows, as `us-west 5 Settled; copy 5; Service us-west; east False, west True`. */
async function standing(scene: Scene, namespace: string): Promise<string> {
  const { api } = scene;
  const statusIn = async (where: string) =>
    decodeStatus((await api.get(CONFIG_MAPS, { namespace: where, name: STATUS_CONFIGMAP })).data);
  const active = async (name: string) =>
    (await api.get(PODS, { namespace, name })).status?.conditions?.find(
      ({ type }) => type === ACTIVE_CONDITION,
    )?.status;
  const status = await statusIn(scene.namespace);
  const service = await api.get(SERVICES, { namespace, name: 'web' });
  return [
    `${status?.activeSite} ${status?.epoch} ${status?.phase}`,
    `copy ${(await statusIn(namespace))?.epoch}`,
    `Service ${service.spec?.selector?.[siteLabel('default')]}`,
    `east ${await active('east')}, west ${await active('west')}`,
  ].join('; ');
}

test('is noticed within seconds: everything is right again, and epochs go on above the last one', async (t) => {
  const scene = await createScene(t, plane);
  const namespace = await createNamespace(plane, 'shop');
  await plane.api.patch(
    NAMESPACES,
    { name: namespace },
    { metadata: { labels: { [LABELS.status]: 'true' } } },
    { type: 'merge' },
  );
  await createGatedPod(namespace, 'east', scene.nodes.east);
  await createGatedPod(namespace, 'west', scene.nodes.west);
  await plane.api.create<Service>(SERVICES, {
    metadata: { namespace, name: 'web', labels: { [LABELS.follow]: 'true' } },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  } as Service);
  const settled = async (site: string, epoch: number) => {
    const [east, west] = site === EAST ? ['True', 'False'] : ['False', 'True'];
    const wanted = `${site} ${epoch} Settled; copy ${epoch}; Service ${site}; east ${east}, west ${west}`;
    let seen = '';
    const look = async () => {
      seen = await standing(scene, namespace);
      return seen === wanted || undefined;
    };
    const began = performance.now();
    await until(wanted, look, { timeoutMs: LIMIT_MS }).catch((error: unknown) => {
      throw new Error(`it stays at "${seen}"`, { cause: error });
    });
    t.diagnostic(`${wanted}: after ${Math.round(performance.now() - began)} ms`);
  };
  await scene.startAndSettle({ POD_NAME: 'one' });
  await scene.start({ POD_NAME: 'two' });
  await settled(EAST, 1);

  const copy = await plane.copyEtcd();
  await settled(EAST, 1);
  for (const [index, site] of ([WEST, EAST, WEST] as const).entries()) {
    await scene.moveTo(site);
    await settled(site, index + 2);
  }
  for (let count = 0; count < OTHER_WRITES; count += 1) {
    const annotations = { count: String(count) };
    await plane.api.patch(NAMESPACES, { name: namespace }, { metadata: { annotations } }, { type: 'merge' });
  }

  await plane.restored(copy);
  // The Cluster is again what it was then.
  await settled(EAST, 5);
  await scene.moveTo(WEST);
  await settled(WEST, 6);
  await scene.moveTo(EAST);
  await settled(EAST, 7);
});
