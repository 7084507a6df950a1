import { LABELS } from '../../../contract/names.ts';
import type { ObjectKey } from '../../../kubernetes/api.ts';
import { parseKey } from '../../../kubernetes/object-index.ts';
import { listEach } from '../../../kubernetes/pages.ts';
import { keyOf, type Reflector } from '../../../kubernetes/reflector.ts';
import { SERVICES, type Service } from '../../../kubernetes/resources.ts';
import { sleep } from '../../../runtime/clock.ts';
import { reflect, type WatchPorts } from '../../watch/reflect.ts';
import { type Run, SharedWatch } from '../../watch/shared-watch.ts';
import { type FollowedService, followedByAny } from './service.ts';

export interface ServicesListener {
  readonly follower: string;
  /** Those that it knows of; each is looked for from time to time. */
  known(): Iterable<FollowedService>;
  /** By the watch. Undefined: the follower has nothing to do with it. */
  onService(key: string, now: FollowedService | undefined, before: FollowedService | undefined): void;
  /** Read just now. */
  onRead(key: string, now: FollowedService | undefined): void;
  /** Versions have gone back: everything comes again. */
  onRestored(): void;
  onReadFailed(error: unknown): void;
}

const LOOK_MS = 60_000;

/**
 * The Services of the cluster, of which any may have been followed once. A move writes all of them, and up to 16 followers would
 * each see all of these writes: so they are watched and read once for all of them, and nothing is kept of those that none has to
 * do with.
 */
export class RoutedServices extends SharedWatch<ServicesListener> {
  readonly #followers: readonly string[];

  constructor(ports: WatchPorts, followers: readonly string[]) {
    super(ports, SERVICES);
    this.#followers = followers;
  }

  protected override begin(stop: AbortSignal): Run<ServicesListener> {
    const watched: Reflector<Service, readonly FollowedService[]> = reflect(this.ports, {
      resource: SERVICES,
      transform: (service) => followedByAny(this.#followers, service),
      onRestored: () => this.notify((listener) => listener.onRestored()),
      onChange: (key, now, before) => {
        if (stop.aborted) return;
        this.notify((listener) => listener.onService(key, of(listener, now), of(listener, before)));
      },
    });
    return {
      ended: Promise.all([watched.run(stop), this.#lookAround(stop)]).then(() => undefined),
      join: (listener) => {
        for (const services of watched.list()) {
          const own = of(listener, services);
          if (own !== undefined) listener.onService(keyOf(own.key), own, undefined);
        }
      },
    };
  }

  /** Beside everything else, so that no move waits for it. */
  async #lookAround(stop: AbortSignal): Promise<void> {
    const { clock, random } = this.ports;
    for (;;) {
      await sleep(clock, LOOK_MS * (0.8 + random() * 0.2), stop);
      if (stop.aborted) return;
      try {
        await this.#lookAgain(stop);
      } catch (error) {
        if (!stop.aborted) this.notify((listener) => listener.onReadFailed(error));
      }
    }
  }

  /** Watches give speed, this gives truth: what follows, and what was known to and does no more. */
  async #lookAgain(abort: AbortSignal): Promise<void> {
    const { api } = this.ports;
    const labelSelector = `${LABELS.follow}=true`;
    const missing = new Set<string>();
    for (const listener of this.listeners) for (const { key } of listener.known()) missing.add(keyOf(key));
    for await (const service of listEach(api, SERVICES, { labelSelector, abort })) {
      const key = keyOf(service.metadata);
      missing.delete(key);
      this.#notifyRead(key, service);
    }
    for (const key of missing) this.#notifyRead(key, await findService(api, parseKey(key), abort));
  }

  #notifyRead(key: string, service: Service | undefined): void {
    const now = service && followedByAny(this.#followers, service);
    this.notify((listener) => listener.onRead(key, of(listener, now)));
  }
}

/** By a list of one, which the controller is allowed anyway. */
export async function findService(
  api: WatchPorts['api'],
  { namespace, name }: Required<ObjectKey>,
  abort: AbortSignal,
): Promise<Service | undefined> {
  const fieldSelector = `metadata.name=${name}`;
  const { items } = await api.list(SERVICES, { namespace, fieldSelector, abort });
  return items[0];
}

function of(
  { follower }: ServicesListener,
  services: readonly FollowedService[] = [],
): FollowedService | undefined {
  return services.find((service) => service.follower === follower);
}
