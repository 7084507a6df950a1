import { type Clock, type Random, withDeadline } from '../../kubernetes/clock.ts';
import { explain } from '../../kubernetes/errors.ts';
import type { Leadership } from '../../kubernetes/leadership.ts';
import type { AuthoritativeLookup } from '../dns/authoritative.ts';
import { ProgressBoard, type RecordProgress } from '../dns/progress.ts';
import type { DnsProvider } from '../dns/provider.ts';
import { Visibility } from '../dns/visibility.ts';
import { ownedTypes, wish } from '../dns/wish.ts';
import { ZoneFollower } from '../dns/zone-follower.ts';
import { byZone, type DnsName } from '../dns/zones.ts';
import type { Site } from '../sites.ts';
import type { State } from '../state.ts';
import type { Signal } from './signal.ts';

export interface DnsSignalOptions {
  /** Of the signal, in metrics and logs. */
  readonly name: string;
  readonly provider: DnsProvider;
  readonly records: readonly DnsName[];
  readonly sites: readonly Site[];
  /** Seconds. */
  readonly ttl: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly lookup: AuthoritativeLookup;
  readonly observer: DnsObserver;
}

/** Told what happens here; for the report, Events, metrics and log. */
export interface DnsObserver {
  /** All records, whenever the progress of one changes. */
  onProgress(progress: readonly RecordProgress[]): void;
  /** After each failed attempt; mostly a DnsError. */
  onFailure(zone: string, error: unknown): void;
  /** At the first success after failures. */
  onRecovered(zone: string): void;
}

/** A zone that takes longer goes on by itself, so that it does not keep the next state from the others. */
const PATIENCE_MS = 15_000;

export class DnsSignal implements Signal {
  readonly name: string;
  readonly resyncMs: number;
  readonly #options: DnsSignalOptions;
  readonly #visibility: Visibility;
  readonly #zones: readonly (readonly [ZoneFollower, readonly string[]])[];
  #wake: () => void = () => undefined;

  constructor(options: DnsSignalOptions) {
    const { provider, clock, records, sites, observer } = options;
    const board = new ProgressBoard(clock, (progress) => observer.onProgress(progress));
    const zones = byZone(records);
    const owned = ownedTypes(sites);
    this.#options = options;
    this.name = options.name;
    this.resyncMs = provider.driftMs;
    const { lookup: ask } = options;
    const lookup: AuthoritativeLookup = (zone, name, type, signal) =>
      provider.lookup?.(zone, name, type, signal, ask) ?? ask(zone, name, type, signal);
    this.#visibility = new Visibility(zones.keys(), { ...options, lookup, board });
    const ports = {
      provider,
      clock,
      board,
      onAccepted: this.#visibility.expect.bind(this.#visibility),
      onFailure: observer.onFailure.bind(observer),
      onRecovered: observer.onRecovered.bind(observer),
      wake: () => this.#wake(),
    };
    this.#zones = [...zones].map(([zone, names]) => [new ZoneFollower(zone, names, owned, ports), names]);
  }

  async apply({ site }: State, leadership: Leadership): Promise<void> {
    if (site === undefined) return;
    const { clock, ttl } = this.#options;
    const outcomes = await Promise.allSettled(
      this.#zones.map(([zone, names]) =>
        withDeadline(clock, PATIENCE_MS, leadership.signal, `DNS zone ${zone.zone}`, () =>
          zone.follow(wish(site, names, ttl), leadership),
        ),
      ),
    );
    const errors = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
    );
    if (errors.length > 1) throw new Error(errors.map(explain).join('; '), { cause: errors[0] });
    if (errors.length === 1) throw errors[0];
  }

  async watch(wake: () => void, signal: AbortSignal): Promise<void> {
    this.#wake = wake;
    await this.#visibility.run(signal);
  }
}
