import { Reflector, type Watching } from '../../kubernetes/reflector.ts';
import {
  MUTATING_WEBHOOK_CONFIGURATIONS,
  type MutatingWebhookConfiguration,
} from '../../kubernetes/resources.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';
import type { Pair } from './authority.ts';
import { BundleHistory } from './bundle-history.ts';
import { refusals } from './ca-bundle.ts';
import { accepts, issuerIn, validityOf } from './trust.ts';

export interface ServedOptions {
  readonly watching: Watching;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of the MutatingWebhookConfiguration. */
  readonly configuration: string;
  /** DNS names and addresses of the webhook; the first is that of its Service. */
  readonly names: readonly string[];
  /** How long an authority must be in the configuration until every API server trusts it; milliseconds. */
  readonly settleMs: number;
  /** The certificate to serve from now on. */
  readonly onLeaf: (leaf: Pair) => void;
}

/** The certificate that is served, wherever it comes from, and whether the API server trusts it. */
export class ServedCertificate {
  readonly #options: ServedOptions;
  readonly #history: BundleHistory;
  readonly #reflector: Reflector<MutatingWebhookConfiguration, MutatingWebhookConfiguration>;
  #configuration: MutatingWebhookConfiguration | undefined;
  /** With the end of its validity, which every probe and every scrape asks for. */
  #served: (Pair & { readonly until: number }) | undefined;
  #hasBeenReady = false;
  /** Why there is no certificate. */
  absence = 'there is no certificate yet';
  /** Called when the configuration has changed. */
  onConfiguration: () => void = () => undefined;

  constructor(options: ServedOptions) {
    const { watching, clock, configuration } = options;
    this.#options = options;
    this.#history = new BundleHistory(clock);
    this.#reflector = new Reflector({
      ...watching,
      resource: MUTATING_WEBHOOK_CONFIGURATIONS,
      fieldSelector: `metadata.name=${configuration}`,
      transform: (object) => object,
      onChange: (_key, object) => this.#see(object),
    });
  }

  get configuration(): MutatingWebhookConfiguration | undefined {
    return this.#configuration;
  }

  get history(): BundleHistory {
    return this.#history;
  }

  /** Milliseconds since 1970; undefined while nothing is served. */
  get until(): number | undefined {
    return this.#served?.until;
  }

  /** Watches the configuration until `abort` fires, and calls `work` once it is known. */
  async watch(work: (abort: AbortSignal) => Promise<void>, abort: AbortSignal): Promise<void> {
    const watching = this.#reflector.run(abort);
    await Promise.race([this.#reflector.synced, watching]);
    await Promise.all([work(abort), watching]);
  }

  #see(configuration: MutatingWebhookConfiguration | undefined): void {
    this.#configuration = configuration;
    this.#history.see(configuration);
    this.onConfiguration();
  }

  /**
   * Why calls of the API server would fail; empty when they succeed. Once ready, a replica stays ready while its certificate
   * is valid: a later fault of the configuration is the same for all replicas, and with all of them out of the Service it
   * would only last longer.
   */
  notReady(): readonly string[] {
    const { clock, configuration: name, settleMs } = this.#options;
    if (this.#served === undefined) return [this.absence];
    if (this.#hasBeenReady) return this.#served.until > clock.now() ? [] : ['the certificate has expired'];
    const configuration = this.#configuration;
    if (configuration === undefined) return [`MutatingWebhookConfiguration ${name} was not found`];
    const reasons = refusals(configuration, this.#served.certificate, clock.now());
    if (reasons.length > 0) return reasons;
    if (this.#trustedFor(this.#served) < settleMs) return ['the caBundle is still spreading'];
    this.#hasBeenReady = true;
    return [];
  }

  /** Serves `leaf` as soon as every API server trusts it, the first one at once. Gives the milliseconds until then. */
  offer(leaf: Pair): number {
    const { settleMs, log, onLeaf, clock, names } = this.#options;
    if (this.#served?.certificate === leaf.certificate) return Number.POSITIVE_INFINITY;
    const [host = ''] = names;
    const isUseless = (pair: Pair) => !accepts(this.#history.present, pair.certificate, host, clock.now());
    const wait = settleMs - this.#trustedFor(leaf);
    if (this.#served !== undefined && wait > 0 && !isUseless(this.#served)) return wait;
    const { until } = validityOf(leaf.certificate);
    this.#served = { ...leaf, until };
    onLeaf(leaf);
    log.info({ until: new Date(until).toISOString() }, 'serving a new certificate');
    return Number.POSITIVE_INFINITY;
  }

  /** Whether `authority` has signed the certificate that is served. */
  isIssuedBy(authority: string): boolean {
    const { clock } = this.#options;
    return (
      this.#served !== undefined && issuerIn([authority], this.#served.certificate, clock.now()) !== undefined
    );
  }

  #trustedFor(leaf: Pair): number {
    const issuer = issuerIn(this.#history.present, leaf.certificate, this.#options.clock.now());
    return issuer === undefined ? -1 : this.#history.trustedFor(issuer);
  }
}
