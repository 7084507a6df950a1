/** Services that follow, in a large cluster: each with pods on both sites, all of them moved at once. */

import { NAMESPACES } from '../kubernetes/resources.ts';
import type { ControlPlane } from '../test/support/control-plane.ts';
import type { ControllerProcess } from '../test/support/controller-process.ts';
import { EAST } from '../test/support/two-sites.ts';
import { until } from '../test/support/until.ts';
import { createFollowedService } from './followed-service.ts';
import { follow, openLane, timeMove } from './lane.ts';
import { type Memory, memoryOf } from './memory.ts';
import { startPlane } from './plane.ts';
import { inParallel } from './scale.ts';
import { SelectedSites } from './selected-sites.ts';

export interface Following {
  readonly services: number;
  readonly pods: number;
  /** From the move of the primary until the last Service selects the pods of the new site. */
  readonly movedMs: readonly number[];
  /** Calls of the API in a move, for each Service: writes of Services, and of pods. */
  readonly serviceWrites: number;
  readonly podWrites: number;
  readonly memory: Memory;
}

const MOVES = 10;
const PODS_OF_EACH = 10;
const SERVICES_IN_EACH = 10;
const START_LIMIT_MS = 240_000;

/** In a control plane of its own. */
export async function measureFollowing(services: number): Promise<Following> {
  await using ends = new AsyncDisposableStack();
  const plane = await startPlane(ends);
  const names = Array.from({ length: services / SERVICES_IN_EACH }, (_, index) => `follow-${index}`);
  await inParallel(names, (name) => seedNamespace(plane, name));
  const lane = await openLane(plane, ends);
  const routes = new SelectedSites(plane, ends);
  const controller = await follow(lane, ends);
  await until('all Services follow', () => routes.all(EAST.name, services) || undefined, {
    timeoutMs: START_LIMIT_MS,
  });
  const pods = services * PODS_OF_EACH;
  await until('all pods are labelled', async () => (await writesOf(controller)).pods >= pods || undefined, {
    timeoutMs: START_LIMIT_MS,
  });
  const before = await writesOf(controller);
  const movedMs: number[] = [];
  for (let move = 0; move < MOVES; move += 1) movedMs.push(await timeMove(lane, routes.follow(services)));
  const after = await writesOf(controller);
  return {
    services,
    pods,
    movedMs,
    serviceWrites: (after.services - before.services) / MOVES / services,
    podWrites: (after.pods - before.pods) / MOVES / services,
    memory: await memoryOf(controller.child.pid),
  };
}

async function writesOf(controller: ControllerProcess) {
  const count = (resource: string) =>
    controller.metric('kube_site_follower_kube_api_calls_total', { verb: 'patch', resource });
  return { services: await count('services'), pods: await count('pods') };
}

async function seedNamespace({ api }: ControlPlane, namespace: string): Promise<void> {
  await api.create(NAMESPACES, { metadata: { name: namespace } });
  for (let index = 0; index < SERVICES_IN_EACH; index += 1)
    await createFollowedService(api, { namespace, name: `app-${index}`, pods: PODS_OF_EACH });
}
