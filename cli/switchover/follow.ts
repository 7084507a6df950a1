import { CLUSTERS, type Cluster } from '../../cnpg/cluster.ts';
import type { KubeApi, KubeObject, ObjectKey } from '../../kubernetes/api.ts';
import { Reflector } from '../../kubernetes/reflector.ts';
import { CONFIG_MAPS } from '../../kubernetes/resources.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Wakeup } from '../../runtime/wakeup.ts';
import { PUBLISHED, type Published, published } from '../cluster/followers.ts';
import { type Listed, whole } from '../cluster/kept.ts';
import { recordsOf } from '../status/dns.ts';
import { ENDPOINT_SLICES, type Milestone, milestonesOf } from './milestones.ts';

/** A switchover may last as long as the old primary takes to shut down; after this somebody should look. */
export const FOLLOW_LIMIT_MS = 10 * 60_000;

/**
 * After the status, until an error that needs a change by hand counts: it may be from before the move, and the first
 * attempt for the new site takes up to 15 seconds.
 */
export const STUCK_AFTER_MS = 20_000;

export interface Reached extends Milestone {
  /** Milliseconds after the patch; undefined while it is missing. */
  readonly ms: number | undefined;
}

/** What programs read of a milestone; `ms` is null where it was not reached in time. */
export interface MilestoneTime {
  readonly name: string;
  readonly ms: number | null;
}

export function timesOf(milestones: readonly Reached[]): MilestoneTime[] {
  return milestones.map(({ name, ms }) => ({ name, ms: ms === undefined ? null : Math.round(ms) }));
}

export function unreached(milestones: readonly Reached[]): readonly Reached[] {
  return milestones.filter(({ ms }) => ms === undefined);
}

/** Remembers when each milestone was reached first: a pod that restarts later has nothing to do with the move. */
export class Timeline {
  readonly #times = new Map<Milestone['name'], number>();

  at(ms: number, milestones: readonly Milestone[]): Reached[] {
    for (const { name, missing } of milestones)
      if (missing === undefined && !this.#times.has(name)) this.#times.set(name, ms);
    return milestones.map((milestone) => ({ ...milestone, ms: this.#times.get(milestone.name) }));
  }
}

/**
 * When there is nothing to wait for any more, in milliseconds after the patch: all is reached, or what is left does not
 * come by itself. Undefined while something may come.
 */
export function endOf(milestones: readonly Reached[]): number | undefined {
  const left = unreached(milestones);
  if (left.length === 0) return 0;
  const active = milestones.find(({ name }) => name === 'status')?.ms;
  const isStuck = active !== undefined && left.every((milestone) => milestone.isStuck === true);
  return isStuck ? active + STUCK_AFTER_MS : undefined;
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
  /** Called whenever something is reached, or waits for something else. */
  readonly onProgress: (milestones: readonly Reached[]) => void;
}

export interface Following extends AsyncDisposable {
  /** Resolves when all watches have started. */
  readonly ready: Promise<void>;
  /** Starts the clock; resolves when all is reached, the rest does not come by itself, or the time is up. */
  done(): Promise<readonly Reached[]>;
}

/** Watches what follows a move. Begin before the move, so that nothing is missed. */
export function followMove(options: FollowOptions): Following {
  const { api, clock, abort, follower, cluster, services, limitMs = FOLLOW_LIMIT_MS } = options;
  const stop = new AbortController();
  const ends = AbortSignal.any([abort, stop.signal]);
  const wakeup = new Wakeup(clock, 0);
  const reflect = <T extends KubeObject>(
    resource: Listed<T>,
    namespace: string | undefined,
    selector: object,
  ) =>
    new Reflector<T, T>({
      api,
      clock,
      resource,
      random: Math.random,
      transform: resource.keep,
      onChange: wakeup.notify,
      ...(namespace !== undefined && { namespace }),
      ...selector,
    });
  const clusters = reflect(whole(CLUSTERS), cluster.namespace, {
    fieldSelector: `metadata.name=${cluster.name}`,
  });
  const maps = reflect(whole(CONFIG_MAPS), follower.namespace, { labelSelector: PUBLISHED });
  const slices = [...new Set(services.map((service) => service.split('/')[0] ?? ''))].map((namespace) =>
    reflect(ENDPOINT_SLICES, namespace, {}),
  );
  const all = [clusters, maps, ...slices];
  const running = Promise.all(all.map((reflector) => reflector.run(ends)));
  const dnsBefore = recordsOf(follower);

  const milestones = (): Milestone[] => {
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
    const timeline = new Timeline();
    for (;;) {
      const ms = clock.elapsed() - began;
      const reached = timeline.at(ms, milestones());
      options.onProgress(reached);
      const end = Math.min(endOf(reached) ?? limitMs, limitMs);
      if (abort.aborted || end <= ms) return reached;
      await wakeup.wait(end - ms, abort);
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
