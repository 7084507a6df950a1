/** What has the controller use its rights: a copy that comes and goes, and a Service that follows with its pod. */
import type { TestContext } from 'node:test';
import { LABELS, STATUS_CONFIGMAP } from '../../contract/names.ts';
import { ACTIVE_CONDITION, siteLabel } from '../../contract/routing.ts';
import type { ObjectKey } from '../../kubernetes/api.ts';
import { NAMESPACES, PODS, type Pod, SERVICES, type Service } from '../../kubernetes/resources.ts';
import { ConfigMapHistory } from './config-map-history.ts';
import type { ControlPlaneAccess } from './control-plane-access.ts';
import type { Scene } from './scene.ts';
import { createNamespace } from './seed.ts';
import { until } from './until.ts';

const LIMIT = { timeoutMs: 20_000 };

export async function askForCopy(
  { api }: ControlPlaneAccess,
  namespace: string,
  value: string | null,
): Promise<void> {
  const body = { metadata: { labels: { [LABELS.status]: value } } };
  await api.patch(NAMESPACES, { name: namespace }, body, { type: 'merge' });
}

/** A namespace that asks for a copy; the copy comes, follows a move, and goes. */
export async function exerciseCopy(
  t: TestContext,
  plane: ControlPlaneAccess,
  scene: Scene,
  move: () => Promise<unknown>,
): Promise<void> {
  const namespace = await createNamespace(plane, 'app');
  const copy = await ConfigMapHistory.start(plane.api, { namespace, name: STATUS_CONFIGMAP });
  t.after(() => copy.stop());
  await askForCopy(plane, namespace, 'true');
  await copy.until('it is there', ({ status }) => status !== undefined);
  await move();
  const { activeSite } = scene.status.last?.status ?? {};
  await copy.until('it follows', ({ status }) => status?.activeSite === activeSite);
  await askForCopy(plane, namespace, null);
  await copy.until('it is removed', ({ object }) => object === undefined);
}

/** A Service that follows; its pod gets the label of its site and the condition of its gate, and it routes there. */
export async function exerciseFollowing(
  plane: ControlPlaneAccess,
  { nodes }: Scene,
): Promise<Required<ObjectKey>> {
  const { api } = plane;
  const key = { namespace: await createNamespace(plane, 'app'), name: 'web' };
  const spec = { nodeName: nodes.east, containers: [{ name: 'web', image: 'example/web:1' }] };
  const labels = { app: 'web', [LABELS.gate]: 'condition' };
  await api.create<Pod>(PODS, { metadata: { ...key, labels }, spec });
  const routing = { selector: { app: 'web' }, ports: [{ port: 80 }] };
  const metadata = { ...key, labels: { [LABELS.follow]: 'true' } };
  await api.create<Service>(SERVICES, { metadata, spec: routing });
  const label = siteLabel('default');
  const isRouted = async () => (await api.get(SERVICES, key)).spec?.selector?.[label];
  const isActive = async () =>
    (await api.get(PODS, key)).status?.conditions?.find(({ type }) => type === ACTIVE_CONDITION);
  const isLabelled = async () => (await api.get(PODS, key)).metadata.labels?.[label];
  await until('the Service follows', isRouted, LIMIT);
  await until('its pod has the condition', isActive, LIMIT);
  await until('its pod is labelled', isLabelled, LIMIT);
  return key;
}
