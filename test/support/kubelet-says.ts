/** What a kubelet does with a pod, where none runs. */
import { PODS, type Pod } from '../../kubernetes/resources.ts';
import type { ControlPlaneAccess } from './control-plane-access.ts';
import { post } from './raw-api.ts';

/** As the scheduler does it. */
export async function bind(plane: ControlPlaneAccess, { metadata }: Pod, node: string): Promise<void> {
  const { name, namespace } = metadata;
  const target = { apiVersion: 'v1', kind: 'Node', name: node };
  const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target };
  await post(plane, `/api/v1/namespaces/${namespace}/pods/${name}/binding`, binding);
}

export async function sayStatus(
  { api }: ControlPlaneAccess,
  { metadata }: Pod,
  status: object,
): Promise<void> {
  await api.patch(PODS, metadata, { status }, { type: 'merge', subresource: 'status' });
}

/** That a container waits for an image, which the registry does not have. */
export function unpulled(name: string, image: string): object {
  const message = `Back-off pulling image "${image}": ErrImagePull: failed to resolve reference "${image}": ${image}: manifest unknown`;
  const state = { waiting: { reason: 'ImagePullBackOff', message } };
  return { name, image: '', imageID: '', ready: false, restartCount: 0, state };
}
