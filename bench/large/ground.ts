/** A large cluster: namespaces with a Service that follows in each, and its pods on both sites. */
import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { NAMESPACES, PODS, type Pod, SERVICES, type Service } from '../../kubernetes/resources.ts';
import type { ControlPlaneAccess } from '../../test/support/control-plane-access.ts';
import { EAST, WEST } from '../../test/support/two-sites.ts';
import { inParallel } from '../scale.ts';

export interface Size {
  readonly namespaces: number;
  readonly podsInEach: number;
  readonly followers: number;
}

const APP = { app: 'web' };

export function followerName(index: number): string {
  return `follower-${index}`;
}

/** Each follower has as many of the Services as the others. */
export async function seed(
  plane: ControlPlaneAccess,
  { namespaces, podsInEach, followers }: Size,
): Promise<void> {
  const indices = Array.from({ length: namespaces }, (_, index) => index);
  await inParallel(indices, (index) =>
    seedNamespace(plane, { name: `large-${index}`, podsInEach, follower: followerName(index % followers) }),
  );
}

async function seedNamespace(
  { api }: ControlPlaneAccess,
  { name: namespace, podsInEach, follower }: { name: string; podsInEach: number; follower: string },
): Promise<void> {
  await api.create(NAMESPACES, { metadata: { name: namespace } });
  for (let index = 0; index < podsInEach; index += 1) {
    const { nodeName } = index % 2 === 0 ? EAST : WEST;
    const spec = { nodeName, containers: [{ name: 'app', image: 'app' }] };
    await api.create<Pod>(PODS, { metadata: { namespace, name: `web-${index}`, labels: APP }, spec });
  }
  const metadata = {
    namespace,
    name: 'web',
    labels: { [LABELS.follow]: 'true' },
    annotations: { [ANNOTATIONS.follower]: follower },
  };
  const spec = { selector: APP, ports: [{ port: 80 }] };
  await api.create<Service>(SERVICES, { metadata, spec });
}
