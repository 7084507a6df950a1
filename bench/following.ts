/** Services that follow, in a large cluster: each with pods on both sites, all of them moved at once. */
import { LABELS } from '../contract/names.ts';
import { siteLabel } from '../contract/routing.ts';
import { Reflector } from '../kubernetes/reflector.ts';
import { NAMESPACES, PODS, type Pod, SERVICES, type Service } from '../kubernetes/resources.ts';
import { systemClock, withDeadline } from '../runtime/clock.ts';
import { type ControlPlane, startControlPlane } from '../test/support/control-plane.ts';
import type { ControllerProcess } from '../test/support/controller-process.ts';
import { installCnpgCrds } from '../test/support/seed.ts';
import { EAST, WEST } from '../test/support/two-sites.ts';
import { until } from '../test/support/until.ts';
import { FOLLOW_LIMIT_MS, type Follows, follow, openLane, timeMove } from './lane.ts';
import { type Memory, memoryOf } from './memory.ts';
import { inParallel } from './scale.ts';

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
const SITE = siteLabel('default');

/** In a control plane of its own. */
export async function measureFollowing(services: number): Promise<Following> {
  await using ends = new AsyncDisposableStack();
  const plane = await startControlPlane();
  ends.defer(() => plane.stop());
  await installCnpgCrds(plane.api);
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
  for (let move = 0; move < MOVES; move += 1) movedMs.push(await timeMove(lane, routes.follows));
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
  for (let index = 0; index < SERVICES_IN_EACH; index += 1) {
    const labels = { app: `app-${index}` };
    for (let number = 0; number < PODS_OF_EACH; number += 1) {
      const { nodeName } = number % 2 === 0 ? EAST : WEST;
      const spec = { nodeName, containers: [{ name: 'app', image: 'app' }] };
      await api.create<Pod>(PODS, { metadata: { namespace, name: `app-${index}-${number}`, labels }, spec });
    }
    const spec = { selector: labels, ports: [{ port: 80 }] };
    const metadata = { namespace, name: `app-${index}`, labels: { [LABELS.follow]: 'true' } };
    await api.create<Service>(SERVICES, { metadata, spec });
  }
}

/** Which site each Service selects. */
class SelectedSites {
  readonly #sites: Reflector<Service, string>;
  #wake: () => void = () => undefined;

  constructor({ api }: ControlPlane, ends: AsyncDisposableStack) {
    this.#sites = new Reflector<Service, string>({
      api,
      clock: systemClock,
      random: Math.random,
      resource: SERVICES,
      labelSelector: `${LABELS.follow}=true`,
      transform: ({ spec }) => spec?.selector?.[SITE] ?? '',
      onChange: () => this.#wake(),
    });
    const stop = new AbortController();
    const ended = this.#sites.run(stop.signal);
    ends.defer(async () => {
      stop.abort();
      await ended;
    });
  }

  all(site: string, count: number): boolean {
    return this.#sites.size === count && [...this.#sites.list()].every((selected) => selected === site);
  }

  readonly follows: Follows = ({ name }) =>
    withDeadline(systemClock, FOLLOW_LIMIT_MS, undefined, 'the Services', async () => {
      const { promise, resolve } = Promise.withResolvers<number>();
      this.#wake = () => {
        if (this.all(name, this.#sites.size)) resolve(performance.now());
      };
      this.#wake();
      return promise;
    });
}
