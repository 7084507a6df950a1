import { followerOf, LABELS } from '../contract/names.ts';
import { siteLabel } from '../contract/routing.ts';
import { Reflector } from '../kubernetes/reflector.ts';
import { SERVICES, type Service } from '../kubernetes/resources.ts';
import { systemClock, withDeadline } from '../runtime/clock.ts';
import type { ControlPlaneAccess } from '../test/support/control-plane-access.ts';
import { FOLLOW_LIMIT_MS, type Follows } from './lane.ts';

/** Which site each Service that follows selects, whoever it follows. */
export class SelectedSites {
  readonly #sites: Reflector<Service, string>;
  /** How many Services select each site. */
  readonly #counts = new Map<string, number>();
  #onChange: () => void = () => undefined;

  constructor({ api }: ControlPlaneAccess, ends: AsyncDisposableStack) {
    this.#sites = new Reflector<Service, string>({
      api,
      clock: systemClock,
      random: Math.random,
      resource: SERVICES,
      labelSelector: `${LABELS.follow}=true`,
      transform: siteSelectedBy,
      onChange: (_key, now, before) => this.#count(now, before),
    });
    const stop = new AbortController();
    const ended = this.#sites.run(stop.signal);
    ends.defer(async () => {
      stop.abort();
      await ended;
    });
  }

  all(site: string, services: number): boolean {
    return this.#counts.get(site) === services;
  }

  /** Of that many Services. */
  readonly follow =
    (services: number): Follows =>
    ({ name }) =>
      withDeadline(systemClock, FOLLOW_LIMIT_MS, undefined, `all Services select ${name}`, () => {
        const { promise, resolve } = Promise.withResolvers<number>();
        this.#onChange = () => {
          if (this.all(name, services)) resolve(performance.now());
        };
        this.#onChange();
        return promise;
      });

  #count(now: string | undefined, before: string | undefined): void {
    if (now !== undefined) this.#counts.set(now, (this.#counts.get(now) ?? 0) + 1);
    if (before !== undefined) this.#counts.set(before, (this.#counts.get(before) ?? 0) - 1);
    this.#onChange();
  }
}

function siteSelectedBy({ metadata, spec }: Service): string {
  return spec?.selector?.[siteLabel(followerOf(metadata))] ?? '';
}
