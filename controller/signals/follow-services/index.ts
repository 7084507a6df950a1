import { PROGRAM } from '../../../contract/names.ts';
import { sitesByNode } from '../../../contract/status.ts';
import { retryOnConflict } from '../../../kubernetes/conflict.ts';
import { ignoreNotFound } from '../../../kubernetes/errors.ts';
import type { Leadership } from '../../../kubernetes/leadership.ts';
import { ObjectIndex, parseKey } from '../../../kubernetes/object-index.ts';
import { keyOf } from '../../../kubernetes/reflector.ts';
import { SERVICES, type Service } from '../../../kubernetes/resources.ts';
import type { WorkQueue } from '../../../kubernetes/work-queue.ts';
import { aborted, timestamp } from '../../../runtime/clock.ts';
import type { FollowerConfig } from '../../config.ts';
import { TenantLog } from '../../tenant-log.ts';
import { queueOf, type WatchPorts } from '../../watch/reflect.ts';
import type { SignalPorts } from '../ports.ts';
import type { SharedParts } from '../shared-parts.ts';
import type { PublishedStatus, Signal } from '../signal.ts';
import { Confirmation } from './confirmation.ts';
import { routingEvent } from './events.ts';
import { Inspector, type RoutingObserver } from './inspector.ts';
import { isSame } from './label-ids.ts';
import { type Goal, isAhead, planService } from './plan.ts';
import { PodLabels } from './pod-labels.ts';
import { countsTheSame, type RoutedPod } from './pods.ts';
import { type OwnedServices, releaseOwnership } from './release.ts';
import type { PodsListener, RoutedPods } from './routed-pods.ts';
import { findService, type RoutedServices, type ServicesListener } from './routed-services.ts';
import { type FollowedService, followedBy } from './service.ts';

export interface FollowServicesOptions {
  readonly ports: WatchPorts;
  readonly watchedServices: RoutedServices;
  readonly pods: RoutedPods;
  readonly follower: string;
  readonly observer: RoutingObserver & {
    /** A write that will be tried again; `object` is its namespace and name. */
    onFailure(kind: 'service' | 'pod', object: string, error: unknown): void;
    /** A Service asks, and cannot follow. */
    onRefused(service: string, why: string): void;
  };
}

const RESYNC_MS = 60_000;
/** At a move all Services are written at once; the API server answers some hundred writes a second. */
const PARALLEL = 32;
const MAX_KEYS = 50_000;
/** A Service that still routes to the old site is not left there for a minute. */
const RETRY = { base: 250, max: 10_000 };
const ATTEMPTS = 3;

/**
 * Services that route to the active site alone: one key of their selector names it, and their pods carry the site of
 * their node as that label. A move is one write for each Service, whatever the pods do; nothing else has to happen
 * first. Reads come from two watches that all followers share, of which the one of pods begins with the first Service that follows.
 */
export class FollowServices implements Signal {
  readonly name = 'follow-services';
  readonly resyncMs = RESYNC_MS;
  readonly isFirst = true;
  readonly #options: FollowServicesOptions;
  readonly #services = new ObjectIndex<FollowedService>();
  readonly #queue: WorkQueue;
  readonly #podLabels: PodLabels;
  readonly #inspector: Inspector;
  readonly #needPods = Promise.withResolvers<void>();
  /** The Services whose refusal has been reported. */
  readonly #reported = new Set<string>();
  #goal: Goal | undefined;
  #sites = '';
  #siteOf: ReadonlyMap<string, string> = new Map();
  #leadership: Leadership | undefined;
  /** Asked where a Service had been written for a later epoch. */
  readonly #confirmation = new Confirmation();

  constructor(options: FollowServicesOptions) {
    const { ports, pods, follower, observer } = options;
    this.#options = options;
    this.#queue = queueOf(ports, {
      concurrency: PARALLEL,
      maxKeys: MAX_KEYS,
      retry: RETRY,
      work: (key) => this.#route(key),
      onFailure: (key, error) => observer.onFailure('service', key, error),
    });
    this.#podLabels = new PodLabels({
      ports,
      follower,
      services: this.#services,
      pods,
      maxKeys: MAX_KEYS,
      retry: RETRY,
      onWritten: (namespace) => this.#inspector.look(namespace),
      onFailure: (key, error) => observer.onFailure('pod', key, error),
    });
    this.#inspector = new Inspector({
      clock: ports.clock,
      services: this.#services,
      pods: pods.index,
      observer,
      onChange: (key) => this.#queue.add(key),
    });
  }

  async watch(_wake: () => void, abort: AbortSignal): Promise<void> {
    const needed = Promise.race([this.#needPods.promise, aborted(abort)]);
    const pods = needed.then(() => this.#options.pods.listen(this.#podsListener(), abort));
    await Promise.all([
      this.#options.watchedServices.listen(this.#servicesListener(), abort),
      pods,
      this.#inspector.run(abort),
      this.#releaseOwnership(abort),
      this.#queue.run(abort),
      this.#podLabels.run(abort),
    ]);
  }

  /** Resolves when everything that is known is queued; what fails is retried one by one, with the newest state. */
  apply({ status, site }: PublishedStatus, leadership: Leadership): Promise<void> {
    this.#leadership = leadership;
    for (const service of this.#services.all()) this.#reportRefusal(service);
    const sites = JSON.stringify(status.sites);
    if (sites !== this.#sites) {
      this.#sites = sites;
      this.#siteOf = sitesByNode(status.sites);
    }
    this.#podLabels.aim(this.#siteOf, leadership);
    if (site === undefined) return Promise.resolve();
    const now = timestamp(this.#options.ports.clock);
    this.#goal = { follower: this.#options.follower, site: status.activeSite, epoch: status.epoch, now };
    for (const { key } of this.#services.all()) this.#queue.add(keyOf(key));
    this.#podLabels.addAll(this.#services.namespaces());
    this.#inspector.aim(this.#goal, this.#siteOf);
    return Promise.resolve();
  }

  #releaseOwnership(abort: AbortSignal): Promise<void> {
    const { ports, observer } = this.#options;
    const scene: OwnedServices = {
      services: this.#services,
      isLeading: () => this.#leadership?.isLeader() === true,
      find: (key) => findService(ports.api, key, abort),
      onWritten: (service) => this.#learn(service),
      onFailure: (service, error) => observer.onFailure('service', service, error),
    };
    return releaseOwnership(ports, scene, { abort, maxKeys: MAX_KEYS });
  }

  #servicesListener(): ServicesListener {
    const { follower, observer } = this.#options;
    return {
      follower,
      known: () => this.#services.all(),
      onService: (key, now, before) => this.#onService(key, now, before),
      onRead: (key, now) => this.#onService(key, now, this.#services.get(parseKey(key))),
      onRestored: () => this.#services.clear(),
      onReadFailed: (error) => observer.onFailure('service', 'list', error),
    };
  }

  #onService(key: string, now: FollowedService | undefined, before: FollowedService | undefined): void {
    const parsed = parseKey(key);
    if (now?.refused === undefined) this.#reported.delete(key);
    if (now === undefined) {
      this.#services.delete(parsed);
      if (before !== undefined) this.#inspector.look(parsed.namespace);
      return;
    }
    if (!this.#services.set(now)) return;
    this.#reportRefusal(now);
    if (now.wanted || now.left) this.#needPods.resolve();
    this.#queue.add(key);
    this.#inspector.look(parsed.namespace);
    const isKnown = before?.wanted === now.wanted && isSame(before.pods, now.pods);
    if (!isKnown) this.#podLabels.addAll([parsed.namespace]);
  }

  /** Once, by the leader. */
  #reportRefusal({ key, refused }: FollowedService): void {
    const name = keyOf(key);
    if (refused === undefined || this.#reported.has(name) || this.#leadership?.isLeader() !== true) return;
    this.#reported.add(name);
    this.#options.observer.onRefused(name, refused);
  }

  #podsListener(): PodsListener {
    return {
      onAllKnown: () => {
        // Others may have listened before, and were told of them.
        this.#podLabels.addAll(this.#services.namespaces());
        this.#inspector.begin();
      },
      onPod: (namespace, now, before) => this.#onPod(namespace, now, before),
    };
  }

  #onPod(namespace: string, now: RoutedPod | undefined, before: RoutedPod | undefined): void {
    if (this.#services.sizeOf(namespace) === 0) return;
    if (now !== undefined) this.#podLabels.add(now);
    if (now === undefined || !countsTheSame(now, before, this.#options.follower))
      this.#inspector.look(namespace);
  }

  async #route(key: string): Promise<void> {
    let service = this.#services.get(parseKey(key));
    await retryOnConflict(ATTEMPTS, async (isRetry) => {
      const { goal, leadership } = { goal: this.#goal, leadership: this.#leadership };
      if (service === undefined || goal === undefined || leadership === undefined) return;
      if (isRetry) service = await this.#read(service, leadership.abort);
      if (service === undefined) return;
      if (isAhead(service, goal) && !(await this.#confirmation.isStillLeader(goal, leadership))) return;
      const patch = planService(service, goal, this.#inspector.evaluationOf(key));
      if (patch === undefined || goal !== this.#goal || !leadership.isLeader()) return;
      await this.#write(service, patch, leadership.abort).catch(ignoreNotFound);
    });
  }

  /** A compare-and-set: whoever has seen an older version of the Service cannot take it back to an older site. */
  async #write({ key, version }: FollowedService, patch: object, abort: AbortSignal): Promise<void> {
    const { metadata, ...rest } = patch as { metadata: object };
    const body = { ...rest, metadata: { ...metadata, resourceVersion: version } };
    const { api } = this.#options.ports;
    this.#learn(await api.patch(SERVICES, key, body, { type: 'merge', fieldManager: PROGRAM, abort }));
    this.#inspector.look(key.namespace);
  }

  /** The watch has not shown it, and may not for minutes when it has died, so read it. */
  async #read({ key }: FollowedService, abort: AbortSignal): Promise<FollowedService | undefined> {
    const found = await findService(this.#options.ports.api, key, abort);
    return found && this.#learn(found);
  }

  #learn(object: Service): FollowedService | undefined {
    const service = followedBy(this.#options.follower, object);
    if (service !== undefined) this.#services.update(service);
    return service;
  }
}

/** The signal as it is wired to log, metrics and Events; none where the configuration does not ask for it. */
export function followServices(
  { name: follower, routing }: Pick<FollowerConfig, 'name' | 'routing'>,
  ports: WatchPorts & SharedParts & Pick<SignalPorts, 'log' | 'metrics' | 'events'>,
): readonly Signal[] {
  if (!routing.followServices) return [];
  const { events, metrics } = ports;
  const log = new TenantLog(ports.log, ports.clock);
  const signal = new FollowServices({
    ports,
    watchedServices: ports.routedServices,
    pods: ports.routedPods,
    follower,
    observer: {
      onTransition: (service, what, podCounts, goal) => events(routingEvent(service, what, podCounts, goal)),
      onCount(counts) {
        for (const [state, count] of Object.entries(counts)) {
          metrics.followedServices.set({ follower, state }, count);
        }
      },
      onRefused: (service, why) =>
        events({
          reason: 'ServiceRefused',
          namespace: parseKey(service).namespace,
          note: `Service ${service} does not follow, as it is one ${why}`,
        }),
      onFailure(kind, object, err) {
        metrics.routingFailures.inc({ follower, kind });
        log.warn(object, { follower, kind, object, err }, 'Service or pod could not be written, retrying');
      },
    },
  });
  return [signal];
}
