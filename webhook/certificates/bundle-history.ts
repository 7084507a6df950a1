import type { MutatingWebhookConfiguration } from '../../kubernetes/resources.ts';
import type { Clock } from '../../runtime/clock.ts';
import { presentIn, trustedBy } from './ca-bundle.ts';

/** Remembers for how long each authority has been in the configuration, and for how long it has been unknown. */
export class BundleHistory {
  readonly #clock: Clock;
  #present: readonly string[] = [];
  /** Since when every entry has it, by the monotonic clock. */
  #trustedSince: ReadonlyMap<string, number> = new Map();
  #strangeSince: ReadonlyMap<string, number> = new Map();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  see(configuration: MutatingWebhookConfiguration | undefined): void {
    this.#present = configuration === undefined ? [] : presentIn(configuration);
    const trusted = configuration === undefined ? [] : trustedBy(configuration);
    this.#trustedSince = this.#since(this.#trustedSince, trusted);
  }

  /** All authorities in any of the entries. */
  get present(): readonly string[] {
    return this.#present;
  }

  /** Milliseconds for which the API server has trusted `authority` in every call of this webhook; negative when it does not. */
  trustedFor(authority: string): number {
    const since = this.#trustedSince.get(authority);
    return since === undefined ? -1 : this.#clock.elapsed() - since;
  }

  /** The authorities that are not among `known`, with the milliseconds for which that has been so. */
  strangers(known: readonly string[]): ReadonlyMap<string, number> {
    const strange = this.#present.filter((certificate) => !known.includes(certificate));
    this.#strangeSince = this.#since(this.#strangeSince, strange);
    const now = this.#clock.elapsed();
    return new Map([...this.#strangeSince].map(([certificate, since]) => [certificate, now - since]));
  }

  #since(before: ReadonlyMap<string, number>, certificates: readonly string[]) {
    const now = this.#clock.elapsed();
    return new Map(certificates.map((certificate) => [certificate, before.get(certificate) ?? now]));
  }
}
