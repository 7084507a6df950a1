import { CLUSTERS, type Cluster } from '../../cnpg/cluster.ts';
import type { KubeApi, KubeObject, ObjectKey, Resource } from '../../kubernetes/api.ts';
import { Reflector } from '../../kubernetes/reflector.ts';
import { CONFIG_MAPS } from '../../kubernetes/resources.ts';
import type { Clock } from '../../runtime/clock.ts';
import { PUBLISHED, type Published, published } from '../cluster/followers.ts';
import { recordsOf } from '../status/dns.ts';
import { ENDPOINT_SLICES, type EndpointSlice, type Milestone, milestonesOf } from './milestones.ts';

/** A switchover may last as long as the old primary takes to shut down; after this a human should look. */
export const FOLLOW_LIMIT_MS = 10 * 60_000;

/**
 * All else has followed, and what is missing needs somebody’s hand. An error may be of before the move, and the first
 * attempt for the new site takes up to 15 seconds: after this it has been made.
 */
export const STUCK_AFTER_MS = 20_000;

export interface Reached extends Milestone {
  /** Milliseconds after the patch; undefined while it is missing. */
  readonly ms: number | undefined;
}

export interface FollowOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly abort: AbortSignal;
  readonly follower: Published;
  readonly cluster: Required<ObjectKey>;
  readonly target: string;
  readonly site: string;
  readonly services: readonly string[];
  readonly limitMs?: number;
  /** Told whenever something is reached, or waits for something else. */
  readonly onProgress: (milestones: readonly Reached[]) => void;
}

export interface Following extends AsyncDisposable {
  /** Resolves when it is known how all things stand now: what changes later is seen. */
  readonly ready: Promise<void>;
  /** Starts the clock, and resolves when all is reached or the time is up. */
  done(): Promise<readonly Reached[]>;
}

/** Watches what follows a move. To be begun before the move, so that nothing of it is missed. */
export function followMove(options: FollowOptions): Following {
  const { api, clock, abort, follower, cluster, services, limitMs = FOLLOW_LIMIT_MS } = options;
  const stop = new AbortController();
  const ends = AbortSignal.any([abort, stop.signal]);
  let changed: () => void = () => undefined;
  const reflect = <T extends KubeObject>(
    resource: Resource<T>,
    namespace: string | undefined,
    selector: object,
  ) =>
    new Reflector<T, T>({
      api,
      clock,
      resource,
      random: Math.random,
      transform: (object: T) => object,
      onChange: () => changed(),
      ...(namespace !== undefined && { namespace }),
      ...selector,
    });
  const clusters = reflect(CLUSTERS, cluster.namespace, { fieldSelector: `metadata.name=${cluster.name}` });
  const maps = reflect(CONFIG_MAPS, follower.namespace, { labelSelector: PUBLISHED });
  const slices = [...new Set(services.map((service) => service.split('/')[0] ?? ''))].map((namespace) =>
    reflect<EndpointSlice>(ENDPOINT_SLICES, namespace, {}),
  );
  const all = [clusters, maps, ...slices];
  const running = Promise.all(all.map((reflector) => reflector.run(ends)));
  const dnsBefore = recordsOf(follower);

  const look = (): Milestone[] => {
    const now = published([...maps.list()]).find((one) => one.follower === follower.follower);
    const [found] = [...clusters.list()] as Cluster[];
    return milestonesOf({
      target: options.target,
      site: options.site,
      services,
      dnsBefore,
      cluster: found,
      status: now?.status,
      dns: now === undefined ? [] : recordsOf(now),
      slices: slices.flatMap((reflector) => [...reflector.list()]),
    });
  };

  const done = async (): Promise<readonly Reached[]> => {
    const began = clock.elapsed();
    const times = new Map<Milestone['name'], number>();
    let isOver = false;
    const cancel = clock.after(limitMs, () => {
      isOver = true;
      changed();
    });
    const stuck = new StuckTimer(clock, () => changed());
    const onAbort = () => changed();
    abort.addEventListener('abort', onAbort, { once: true });
    try {
      for (;;) {
        const next = Promise.withResolvers<void>();
        changed = next.resolve;
        const milestones = look();
        const ms = clock.elapsed() - began;
        // Once reached stays reached: a pod that restarts later has nothing to do with the move.
        for (const { name, missing } of milestones)
          if (missing === undefined && !times.has(name)) times.set(name, ms);
        const reached = milestones.map((milestone) => ({ ...milestone, ms: times.get(milestone.name) }));
        options.onProgress(reached);
        const left = reached.filter((one) => one.ms === undefined);
        if (isOver || abort.aborted || left.length === 0 || stuck.isUp(left, times.get('status'), ms))
          return reached;
        await next.promise;
      }
    } finally {
      cancel();
      stuck.cancel();
      abort.removeEventListener('abort', onAbort);
    }
  };

  return {
    ready: Promise.all(all.map(({ synced }) => synced)).then(() => undefined),
    done,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

/** Tells when waiting is over because nothing that is left comes by itself. */
class StuckTimer {
  readonly #clock: Clock;
  readonly #ring: () => void;
  cancel: () => void = () => undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** `activeMs`: when the status told of the new site; both in milliseconds after the move. */
  isUp(left: readonly Milestone[], activeMs: number | undefined, ms: number): boolean {
    this.cancel();
    if (activeMs === undefined || !left.every(({ isStuck }) => isStuck === true)) return false;
    const waitMs = activeMs + STUCK_AFTER_MS - ms;
    if (waitMs > 0) this.cancel = this.#clock.after(waitMs, this.#ring);
    return waitMs <= 0;
  }
}
