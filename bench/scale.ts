/** The controller in a large cluster: many namespaces, each with a copy of the status, and many injected pods. */
import { LABELS, STATUS_CONFIGMAP } from '../contract/names.ts';
import { decodeStatus } from '../contract/status.ts';
import { Reflector } from '../kubernetes/reflector.ts';
import { CONFIG_MAPS, type ConfigMap, NAMESPACES, PODS, type Pod } from '../kubernetes/resources.ts';
import { systemClock, withDeadline } from '../runtime/clock.ts';
import type { ControlPlane } from '../test/support/control-plane.ts';
import { EAST, WEST } from '../test/support/two-sites.ts';
import { until } from '../test/support/until.ts';
import {
  FOLLOW_LIMIT_MS,
  type Follows,
  follow,
  type Lane,
  type LaunchOptions,
  openLane,
  timeMove,
} from './lane.ts';
import { type Memory, memoryOf } from './memory.ts';

export interface Scale {
  readonly namespaces: number;
  readonly pods: number;
  /** From the move of the primary until the last copy tells it. */
  readonly copiesMs: readonly number[];
  readonly memory: Memory;
}

const MOVES = 5;
const PARALLEL = 16;
const SEED_LIMIT_MS = 120_000;
const PODS_IN_EACH = 10;
/** So that a pod is as large as usual ones, some 8 KiB with what the server adds. */
const ENVIRONMENT = Array.from({ length: 40 }, (_, index) => ({
  name: `VARIABLE_${index}`,
  value: 'x'.repeat(120),
}));

/** Makes the namespaces `scale-0` and so on, each with ten injected pods. */
export async function seedNamespaces(plane: ControlPlane, count: number): Promise<void> {
  const names = Array.from({ length: count }, (_, index) => `scale-${index}`);
  await inParallel(names, (name) => seedNamespace(plane, name));
}

/** In a control plane with `namespaces` seeded ones. */
export async function measureScale(
  plane: ControlPlane,
  namespaces: number,
  options?: LaunchOptions,
): Promise<Scale> {
  await using ends = new AsyncDisposableStack();
  const lane = await openLane(plane, ends);
  const copies = new Copies(lane, ends);
  const controller = await follow(lane, ends, options);
  await until(`${namespaces} copies are there`, () => copies.count() === namespaces || undefined, {
    timeoutMs: SEED_LIMIT_MS,
  });
  const copiesMs: number[] = [];
  for (let move = 0; move < MOVES; move += 1) copiesMs.push(await timeMove(lane, copies.follows));
  const memory = await memoryOf(controller.child.pid);
  return { namespaces, pods: namespaces * PODS_IN_EACH, copiesMs, memory };
}

async function seedNamespace({ api }: ControlPlane, namespace: string): Promise<void> {
  await api.create(NAMESPACES, { metadata: { name: namespace } });
  for (let index = 0; index < PODS_IN_EACH; index += 1) {
    const pod = {
      metadata: { namespace, name: `app-${index}`, labels: { [LABELS.inject]: 'true' } },
      spec: {
        nodeName: index % 2 === 0 ? EAST.nodeName : WEST.nodeName,
        containers: [{ name: 'app', image: 'app', env: ENVIRONMENT }],
      },
    };
    await api.create<Pod>(PODS, pod);
  }
}

/** Works on sixteen of them at once. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}

/** Which site each copy of the status tells. */
class Copies {
  readonly #sites: Reflector<ConfigMap, string>;
  #wake: () => void = () => undefined;

  constructor({ plane }: Lane, ends: AsyncDisposableStack) {
    this.#sites = new Reflector<ConfigMap, string>({
      api: plane.api,
      clock: systemClock,
      random: Math.random,
      resource: CONFIG_MAPS,
      labelSelector: `${LABELS.role}=copy`,
      fieldSelector: `metadata.name=${STATUS_CONFIGMAP}`,
      transform: ({ data }) => decodeStatus(data)?.activeSite ?? '',
      onChange: () => this.#wake(),
    });
    const stop = new AbortController();
    const ended = this.#sites.run(stop.signal);
    ends.defer(async () => {
      stop.abort();
      await ended;
    });
  }

  count(): number {
    return this.#sites.size;
  }

  readonly follows: Follows = ({ name }) =>
    withDeadline(systemClock, FOLLOW_LIMIT_MS, undefined, 'the copies of the status', async () => {
      const { promise, resolve } = Promise.withResolvers<number>();
      this.#wake = () => {
        if ([...this.#sites.list()].every((site) => site === name)) resolve(performance.now());
      };
      return promise;
    });
}
