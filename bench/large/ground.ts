/** A large cluster: namespaces with a Service that follows in each, and its pods on both sites. */

import { ANNOTATIONS } from '../../contract/names.ts';
import { NAMESPACES } from '../../kubernetes/resources.ts';
import type { ControlPlaneAccess } from '../../test/support/control-plane-access.ts';
import { createFollowedService } from '../followed-service.ts';
import { inParallel } from '../scale.ts';

export interface Size {
  readonly namespaces: number;
  readonly podsInEach: number;
  readonly followers: number;
}

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
  const annotations = { [ANNOTATIONS.follower]: follower };
  await createFollowedService(api, { namespace, name: 'web', pods: podsInEach, annotations });
}
