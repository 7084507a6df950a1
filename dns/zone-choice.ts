import { type Clock, DeadlineError, withDeadline } from '../runtime/clock.ts';
import { DnsError, type DnsProvider } from './provider.ts';
import { byZone, type DnsName, longestZone } from './zones.ts';

/** Zones come and go seldom; a lookup before a move is a moment more without the new address. */
const KEPT_MS = 10 * 60_000;
/** When something is wrong, the zone may be why. */
const KEPT_WHILE_FAILING_MS = 60_000;
const LIMIT_MS = 5_000;

/**
 * In which zone each record is: what the user has written, else the longest zone that the provider has, as a name server would
 * choose it, else what was registered.
 */
export class ZoneChoice {
  readonly #provider: DnsProvider;
  readonly #records: readonly DnsName[];
  readonly #clock: Clock;
  #chosen: readonly DnsName[] | undefined;
  #at = 0;
  #isFailing = false;

  constructor(provider: DnsProvider, records: readonly DnsName[], clock: Clock) {
    this.#provider = provider;
    this.#records = records;
    this.#clock = clock;
  }

  /** Names by zone. Rejects only with the reason of `signal`. */
  async namesByZone(signal: AbortSignal): Promise<ReadonlyMap<string, readonly string[]>> {
    if (this.#chosen === undefined || this.#isOld()) await this.#choose(signal);
    return byZone(this.#chosen ?? this.#records);
  }

  /** A record could not be written, and a person has to do something about it. */
  noteFailure(): void {
    this.#isFailing = true;
  }

  #isOld(): boolean {
    return this.#clock.elapsed() - this.#at > (this.#isFailing ? KEPT_WHILE_FAILING_MS : KEPT_MS);
  }

  async #choose(signal: AbortSignal): Promise<void> {
    const open = byZone(this.#records.filter(({ isStated }) => isStated !== true));
    try {
      const found = await Promise.all(
        [...open].map(([zone, names]) => this.#zonesWithin(zone, names, signal)),
      );
      const zones = found.flat();
      this.#chosen = this.#records.map((record) =>
        record.isStated === true
          ? record
          : { ...record, zone: longestZone(record.name, zones) ?? record.zone },
      );
    } catch (error) {
      signal.throwIfAborted();
      // The read that follows fails for the same reason, and reports it.
      if (!(error instanceof DnsError) && !(error instanceof DeadlineError)) throw error;
    }
    this.#at = this.#clock.elapsed();
    this.#isFailing = false;
  }

  async #zonesWithin(
    zone: string,
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const provider = this.#provider;
    if (provider.zonesWithin === undefined) return [];
    const what = `the zones below ${zone}`;
    const asked = await withDeadline(this.#clock, LIMIT_MS, signal, what, (limited) =>
      Promise.resolve(provider.zonesWithin?.(zone, names, limited)),
    );
    return asked ?? [];
  }
}
