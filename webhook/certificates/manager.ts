import { X509Certificate } from 'node:crypto';
import type { KubeApi, ObjectKey } from '../../kubernetes/api.ts';
import { isAlreadyExists, isConflict } from '../../kubernetes/errors.ts';
import { Reflector, type Watching } from '../../kubernetes/reflector.ts';
import { MUTATING_WEBHOOK_CONFIGURATIONS, SECRETS, type Secret } from '../../kubernetes/resources.ts';
import { backoff } from '../../runtime/backoff.ts';
import type { Clock, Random } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';
import { Wakeup } from '../../runtime/wakeup.ts';
import type { BundleHistory } from './bundle-history.ts';
import { bundlePatch } from './ca-bundle.ts';
import { type Inventory, type Lifetimes, nextStep, type Step } from './rotation.ts';
import type { ServedCertificate } from './served.ts';
import { advance, bootstrap, type Issuance } from './steps.ts';
import { CertificateStore, MissingSecret, type Stored, type StoredSecret } from './store.ts';
import { isFor, validityOf } from './trust.ts';

export interface CertificateManagerOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Watches the configuration, and serves the certificates. */
  readonly served: ServedCertificate;
  /** The Secret that all replicas share. */
  readonly secret: Required<ObjectKey>;
  /** Of the MutatingWebhookConfiguration. */
  readonly configuration: string;
  /** DNS names and addresses of the webhook. */
  readonly names: readonly string[];
  readonly lifetimes: Lifetimes;
  readonly onStep?: (step: StepName) => void;
  /** The Secret is missing, and this account may not create it. Called with each attempt. */
  readonly onMissing?: (missing: MissingSecret) => void;
  readonly watching: Watching;
}

/** `create` and `restore` are for a Secret that is missing or unusable. */
export type StepName = Exclude<Step['kind'], 'keep'> | 'create' | 'restore' | 'publish-bundle';

const RETRY = { base: 500, max: 15_000 };
/** After another replica has written, its result only has to be read. */
const LOST_RACE_MS = 100;
/** The wall clock may jump, so no wait is longer. */
const LONGEST_WAIT_MS = 3_600_000;
/** The watch shows our patch at once. Where it does not, etcd may have been restored to the version before it. */
const PATCH_AGAIN_MS = 15_000;
/** So that replicas do not all generate keys at the same time. */
const MAX_JITTER_MS = 60_000;
/** How many settling times an unknown authority stays in the bundle: longer than replicas need to change. */
const GRACE = 5;

/** Issues, shares, rotates and publishes the certificates; every replica runs one. */
export class CertificateManager {
  readonly #options: CertificateManagerOptions;
  readonly #served: ServedCertificate;
  readonly #store: CertificateStore;
  readonly #history: BundleHistory;
  readonly #wakeup: Wakeup;
  #stored: Stored | undefined;
  /** The version of the configuration that was patched, or is known to be outdated, and when by the monotonic clock. */
  #patched: { readonly version: string | undefined; readonly at: number } | undefined;

  constructor(options: CertificateManagerOptions) {
    this.#options = options;
    this.#served = options.served;
    this.#wakeup = new Wakeup(options.clock, 0);
    this.#served.onConfiguration = this.#wakeup.notify;
    this.#store = new CertificateStore(options.api, options.secret);
    this.#history = options.served.history;
  }

  /** Resolves when `abort` has aborted. */
  async run(abort: AbortSignal): Promise<void> {
    const { secret, watching } = this.#options;
    // The watch shows only that the Secret has changed: the keys are read when they are needed.
    const secrets = new Reflector<Secret, true>({
      ...watching,
      resource: SECRETS,
      namespace: secret.namespace,
      fieldSelector: `metadata.name=${secret.name}`,
      transform: () => true,
      onChange: this.#wakeup.notify,
    });
    await Promise.all([this.#served.watch((inner) => this.#loop(inner), abort), secrets.run(abort)]);
  }

  async #loop(abort: AbortSignal): Promise<void> {
    const { random, log } = this.#options;
    for (let attempt = 0; !abort.aborted; ) {
      let wait: number;
      try {
        wait = await this.#reconcile(abort);
        attempt = 0;
      } catch (err) {
        if (abort.aborted) return;
        if (err instanceof MissingSecret) this.#options.onMissing?.(err);
        const isRace = isConflict(err) || isAlreadyExists(err);
        if (!isRace) log.warn({ err }, 'certificate renewal failed, retrying');
        wait = isRace ? LOST_RACE_MS * (1 + random()) : backoff(attempt, RETRY, random);
        attempt = isRace ? attempt : attempt + 1;
      }
      await this.#wakeup.wait(Math.min(wait, LONGEST_WAIT_MS), abort);
    }
  }

  /** Resolves to the milliseconds until the next one. */
  async #reconcile(abort: AbortSignal): Promise<number> {
    // First, as calls fail until a bundle that was removed is restored.
    await this.#publishBundle(abort);
    const found = await this.#store.read(abort);
    const stored = found?.stored ?? (await this.#restored(found, abort));
    const step = nextStep(this.#inventory(stored), this.#options.clock.now(), this.#options.lifetimes);
    this.#stored =
      step.kind === 'keep'
        ? stored
        : await this.#write(step.kind, await advance(step.kind, stored, this.#issuance), found, abort);
    const untilStrangersLeave = await this.#publishBundle(abort);
    const untilServed = this.#served.offer(this.#stored.leaf);
    const due = step.kind === 'keep' ? step.forMs + this.#jitter() : 0;
    return Math.min(due, untilStrangersLeave, untilServed);
  }

  /** The Secret is missing, empty or unusable. */
  async #restored(found: StoredSecret | undefined, abort: AbortSignal): Promise<Stored> {
    const { log } = this.#options;
    if (found?.problem !== undefined) {
      log.warn({ problem: found.problem }, 'the Secret of the certificates cannot be used, writing it again');
    }
    // With the certificates that are served already, so that nothing changes for the API server.
    const stored = this.#stored ?? (await bootstrap(this.#history.present, this.#issuance));
    return this.#write(this.#stored === undefined ? 'create' : 'restore', stored, found, abort);
  }

  async #write(
    step: StepName,
    stored: Stored,
    found: StoredSecret | undefined,
    abort: AbortSignal,
  ): Promise<Stored> {
    const written = await this.#store.write(stored, found, abort);
    this.#tell(step);
    if (written.stored === undefined)
      throw new Error(`the API server changed the Secret: ${written.problem}`);
    return written.stored;
  }

  /** Resolves to the milliseconds until an authority may be removed from the bundle. */
  async #publishBundle(abort: AbortSignal): Promise<number> {
    const { api, configuration: name, lifetimes } = this.#options;
    const { configuration } = this.#served;
    if (configuration === undefined || this.#stored === undefined) return Number.POSITIVE_INFINITY;
    const known = authoritiesOf(this.#stored);
    const graceMs = GRACE * lifetimes.settleMs;
    const staying = [...this.#history.strangers(known)].filter(
      ([certificate, forMs]) => forMs < graceMs || this.#served.isIssuedBy(certificate),
    );
    const patch = bundlePatch(configuration, [...known, ...staying.map(([certificate]) => certificate)]);
    const version = configuration.metadata.resourceVersion;
    const now = this.#options.clock.elapsed();
    const last = this.#patched;
    const isPatched = last !== undefined && last.version === version && now - last.at < PATCH_AGAIN_MS;
    if (patch !== undefined && !isPatched) {
      const options = { type: 'json', abort } as const;
      const isDone = await api.patch(MUTATING_WEBHOOK_CONFIGURATIONS, { name }, patch, options).then(
        () => true,
        (error: unknown) => {
          if (isConflict(error)) return false;
          throw error;
        },
      );
      // In either case there is a newer version, and only the watch shows versions in their order.
      this.#patched = { version, at: now };
      if (isDone) this.#tell('publish-bundle');
    }
    const waits = staying.map(([, forMs]) => graceMs - forMs).filter((ms) => ms > 0);
    return Math.min(...waits, patch === undefined ? Number.POSITIVE_INFINITY : PATCH_AGAIN_MS);
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
