import { X509Certificate } from 'node:crypto';
import type { KubeApi, ObjectKey } from '../../kubernetes/api.ts';
import { backoff } from '../../kubernetes/backoff.ts';
import type { Clock, Random } from '../../kubernetes/clock.ts';
import { isAlreadyExists, isConflict } from '../../kubernetes/errors.ts';
import { Nudge } from '../../kubernetes/nudge.ts';
import { type OnReflectorProblem, Reflector } from '../../kubernetes/reflector.ts';
import {
  MUTATING_WEBHOOK_CONFIGURATIONS,
  type MutatingWebhookConfiguration,
  SECRETS,
  type Secret,
} from '../../kubernetes/resources.ts';
import type { Logger } from '../../runtime/log.ts';
import type { Pair } from './authority.ts';
import { BundleHistory } from './bundle-history.ts';
import { bundlePatch, refusals } from './ca-bundle.ts';
import { type Inventory, type Lifetimes, nextStep, type Step } from './rotation.ts';
import { advance, begin, type Issuance } from './steps.ts';
import { CertificateStore, type Found, type Stored } from './store.ts';
import { accepts, isFor, issuerIn, validityOf } from './trust.ts';

export interface CertificateManagerOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** The Secret that all replicas share. */
  readonly secret: Required<ObjectKey>;
  /** Of the MutatingWebhookConfiguration. */
  readonly configuration: string;
  /** DNS names and addresses that the webhook is called by. */
  readonly names: readonly string[];
  readonly lifetimes: Lifetimes;
  /** The certificate to serve from now on. */
  readonly onLeaf: (leaf: Pair) => void;
  readonly onStep?: (step: StepName) => void;
  readonly onWatchProblem: OnReflectorProblem;
}

/** What is done to the certificates; `create` and `restore` are for a Secret that is not there or not usable. */
export type StepName = Exclude<Step['kind'], 'keep'> | 'create' | 'restore' | 'publish-bundle';

const RETRY = { base: 500, max: 15_000 };
/** Another replica has just written: its work needs only to be read. */
const LOST_RACE_MS = 100;
/** The wall clock may jump, so nobody trusts a longer wait. */
const LONGEST_WAIT_MS = 3_600_000;
/** Replicas do not all make keys at the same moment. */
const MAX_JITTER_MS = 60_000;
/** How many settling times an authority that nobody knows stays in the bundle: longer than replicas take to change. */
const GRACE = 5;

/** Makes, shares, rotates and publishes the certificates; every replica runs one. */
export class CertificateManager {
  readonly #options: CertificateManagerOptions;
  readonly #store: CertificateStore;
  readonly #history: BundleHistory;
  readonly #nudge = new Nudge();
  #configuration: MutatingWebhookConfiguration | undefined;
  #stored: Stored | undefined;
  #served: Pair | undefined;
  #hasBeenReady = false;
  /** The version of the configuration that we have patched, or that is known to be outdated. */
  #patchedVersion: string | undefined;

  constructor(options: CertificateManagerOptions) {
    this.#options = options;
    this.#store = new CertificateStore(options.api, options.secret);
    this.#history = new BundleHistory(options.clock);
  }

  /** Milliseconds since 1970; undefined while nothing is served. */
  get servedUntil(): number | undefined {
    return this.#served === undefined ? undefined : validityOf(this.#served.certificate).until;
  }

  /**
   * Why calls of the API server would fail; empty when they succeed. Once ready it stays so while the certificate is
   * valid: what is wrong with the configuration later is wrong for all replicas alike, and taking them all out of the
   * Service would only make it last longer.
   */
  notReady(): readonly string[] {
    const { clock, configuration: name, lifetimes } = this.#options;
    if (this.#served === undefined) return ['there is no certificate yet'];
    if (this.#hasBeenReady) {
      return validityOf(this.#served.certificate).until > clock.now() ? [] : ['the certificate has expired'];
    }
    const configuration = this.#configuration;
    if (configuration === undefined) return [`MutatingWebhookConfiguration ${name} was not found`];
    const reasons = refusals(configuration, this.#served.certificate, clock.now());
    if (reasons.length > 0) return reasons;
    if (this.#trustedFor(this.#served) < lifetimes.settleMs) return ['the caBundle is still spreading'];
    this.#hasBeenReady = true;
    return [];
  }

  /** Resolves when `signal` has aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { secret, configuration: name } = this.#options;
    const { api, clock, random, onWatchProblem: onProblem } = this.#options;
    const ports = { api, clock, random, onProblem };
    const configurations = new Reflector<MutatingWebhookConfiguration, MutatingWebhookConfiguration>({
      ...ports,
      resource: MUTATING_WEBHOOK_CONFIGURATIONS,
      fieldSelector: `metadata.name=${name}`,
      keep: (configuration) => configuration,
      onChange: (_key, configuration) => this.#see(configuration),
    });
    // Of the Secret only that it has changed: the keys are read when they are needed.
    const secrets = new Reflector<Secret, true>({
      ...ports,
      resource: SECRETS,
      namespace: secret.namespace,
      fieldSelector: `metadata.name=${secret.name}`,
      keep: () => true,
      onChange: () => this.#nudge.nudge(),
    });
    const watching = [configurations.run(signal), secrets.run(signal)];
    await Promise.race([configurations.synced, watching[0]]);
    await this.#loop(signal);
    await Promise.all(watching);
  }

  #see(configuration: MutatingWebhookConfiguration | undefined): void {
    this.#configuration = configuration;
    this.#history.see(configuration);
    this.#nudge.nudge();
  }

  async #loop(signal: AbortSignal): Promise<void> {
    const { clock, random, log } = this.#options;
    for (let attempt = 0; !signal.aborted; ) {
      let wait: number;
      try {
        wait = await this.#pass(signal);
        attempt = 0;
      } catch (err) {
        if (signal.aborted) return;
        const isRace = isConflict(err) || isAlreadyExists(err);
        if (!isRace) log.warn({ err }, 'certificates could not be looked after, will try again');
        wait = isRace ? LOST_RACE_MS * (1 + random()) : backoff(attempt, RETRY, random);
        attempt = isRace ? attempt : attempt + 1;
      }
      await this.#nudge.wait(clock, Math.min(wait, LONGEST_WAIT_MS), signal);
    }
  }

  /** Resolves to the milliseconds until the next look. */
  async #pass(signal: AbortSignal): Promise<number> {
    // First of all, since calls fail until a bundle that somebody wiped is there again.
    await this.#publishBundle(signal);
    const found = await this.#store.read(signal);
    const stored = found?.stored ?? (await this.#putBack(found, signal));
    const step = nextStep(this.#inventory(stored), this.#options.clock.now(), this.#options.lifetimes);
    this.#stored =
      step.kind === 'keep'
        ? stored
        : await this.#write(step.kind, await advance(step.kind, stored, this.#issuance), found, signal);
    const untilStrangersLeave = await this.#publishBundle(signal);
    const untilServed = this.#serve(this.#stored.leaf);
    const due = step.kind === 'keep' ? step.forMs + this.#jitter() : 0;
    return Math.min(due, untilStrangersLeave, untilServed);
  }

  /** The Secret is not there, or is not usable. */
  async #putBack(found: Found | undefined, signal: AbortSignal): Promise<Stored> {
    const { log } = this.#options;
    if (found !== undefined) {
      log.warn({ problem: found.problem }, 'the Secret of the certificates cannot be used, writing it anew');
    }
    // What is served already stays, so that nothing changes for the API server.
    const stored = this.#stored ?? (await begin(this.#history.present, this.#issuance));
    return this.#write(this.#stored === undefined ? 'create' : 'restore', stored, found, signal);
  }

  async #write(
    step: StepName,
    stored: Stored,
    found: Found | undefined,
    signal: AbortSignal,
  ): Promise<Stored> {
    const written = await this.#store.write(stored, found, signal);
    this.#tell(step);
    if (written.stored === undefined)
      throw new Error(`the API server changed the Secret: ${written.problem}`);
    return written.stored;
  }

  /** Resolves to the milliseconds until something may leave the bundle. */
  async #publishBundle(signal: AbortSignal): Promise<number> {
    const { api, configuration: name, lifetimes } = this.#options;
    const configuration = this.#configuration;
    if (configuration === undefined || this.#stored === undefined) return Number.POSITIVE_INFINITY;
    const known = authoritiesOf(this.#stored);
    const graceMs = GRACE * lifetimes.settleMs;
    const staying = [...this.#history.strangers(known)].filter(
      ([certificate, forMs]) => forMs < graceMs || this.#isServedBy(certificate),
    );
    const patch = bundlePatch(configuration, [...known, ...staying.map(([certificate]) => certificate)]);
    const version = configuration.metadata.resourceVersion;
    if (patch !== undefined && version !== this.#patchedVersion) {
      const options = { type: 'json', signal } as const;
      const isDone = await api.patch(MUTATING_WEBHOOK_CONFIGURATIONS, { name }, patch, options).then(
        () => true,
        (error: unknown) => {
          if (isConflict(error)) return false;
          throw error;
        },
      );
      // In either case there is a newer version, and the watch brings it: only the watch tells them in their order.
      this.#patchedVersion = version;
      if (isDone) this.#tell('publish-bundle');
    }
    const waits = staying.map(([, forMs]) => graceMs - forMs).filter((ms) => ms > 0);
    return Math.min(...waits, Number.POSITIVE_INFINITY);
  }

  /**
   * Serves `leaf` as soon as every API server trusts it; the first one at once, since nothing can be served before.
   * Gives the milliseconds until that may be.
   */
  #serve(leaf: Pair): number {
    const { lifetimes, log, onLeaf, clock, names } = this.#options;
    if (this.#served?.certificate === leaf.certificate) return Number.POSITIVE_INFINITY;
    const [host = ''] = names;
    const isUseless = (pair: Pair) => !accepts(this.#history.present, pair.certificate, host, clock.now());
    const wait = lifetimes.settleMs - this.#trustedFor(leaf);
    if (this.#served !== undefined && wait > 0 && !isUseless(this.#served)) return wait;
    this.#served = leaf;
    onLeaf(leaf);
    const { until } = validityOf(leaf.certificate);
    log.info({ until: new Date(until).toISOString() }, 'serving a new certificate');
    return Number.POSITIVE_INFINITY;
  }

  #inventory({ authority, leaf, next, previous }: Stored): Inventory {
    const certificate = new X509Certificate(leaf.certificate);
    const hasAllNames = this.#options.names.every((name) => isFor(certificate, name));
    return {
      authority: validityOf(authority.certificate),
      leaf: { ...validityOf(certificate), hasAllNames },
      ...(next !== undefined && { next: { settledMs: this.#history.trustedFor(next.certificate) } }),
      ...(previous !== undefined && { previousUntil: previous.until }),
    };
  }

  #trustedFor(leaf: Pair): number {
    const issuer = issuerIn(this.#history.present, leaf.certificate, this.#options.clock.now());
    return issuer === undefined ? -1 : this.#history.trustedFor(issuer);
  }

  #isServedBy(authority: string): boolean {
    const { clock } = this.#options;
    return (
      this.#served !== undefined && issuerIn([authority], this.#served.certificate, clock.now()) !== undefined
    );
  }

  get #issuance(): Issuance {
    const { clock, names, lifetimes } = this.#options;
    return { now: clock.now(), names, lifetimes };
  }

  #jitter(): number {
    const { random, lifetimes } = this.#options;
    return random() * Math.min(MAX_JITTER_MS, lifetimes.leafMs / 100);
  }

  #tell(step: StepName): void {
    this.#options.log.info({ step }, 'certificates changed');
    this.#options.onStep?.(step);
  }
}

function authoritiesOf({ authority, next, previous }: Stored): readonly string[] {
  const all = [authority.certificate, ...(next === undefined ? [] : [next.certificate])];
  return [...new Set([...all, ...(previous?.certificates ?? [])])];
}
