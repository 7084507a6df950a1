import type { Leadership } from '../../kubernetes/leadership.ts';
import { backoff } from '../../runtime/backoff.ts';
import type { Clock, Random } from '../../runtime/clock.ts';
import { Wakeup } from '../../runtime/wakeup.ts';
import type { ReconcileSubscriber, StatusChange } from '../reconciler.ts';
import type { Sites } from '../sites/sites.ts';
import type { PublishedStatus, Signal } from './signal.ts';

/** How a signal stands, for metrics and the report. */
export interface SignalProgress {
  readonly signal: string;
  readonly outcome: 'applied' | 'failed';
  /** How often in a row it has failed; 0 after success. */
  readonly failures: number;
  readonly error?: unknown;
}

export interface SignalWorkerOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly onProgress: (progress: SignalProgress) => void;
}

/** What moves the traffic by one write is sent first: until then nothing else takes connections and processors from it. */
const OTHERS_AFTER_MS = 20;

const RETRY = { base: 500, max: 60_000 };
/** A burst of wakes costs one application now and one this much later, also while they fail. */
const MIN_GAP_MS = 100;

/** Applies the newest state to one signal. Neither its failures nor its pace delay the other signals. */
export class SignalWorker {
  readonly #signal: Signal;
  readonly #options: SignalWorkerOptions;
  readonly #wakeup: Wakeup;
  #state: PublishedStatus | undefined;
  #failures = 0;

  constructor(signal: Signal, options: SignalWorkerOptions) {
    this.#signal = signal;
    this.#options = options;
    this.#wakeup = new Wakeup(options.clock, MIN_GAP_MS);
  }

  /** The newest state wins; one that was not applied yet is dropped, never queued. */
  publish(state: PublishedStatus): void {
    this.#state = state;
    this.#signal.hasten?.();
    this.#wakeup.notify();
  }

  /** Runs until the leadership ends. */
  async run(leadership: Leadership): Promise<void> {
    const { random } = this.#options;
    const watching = this.#signal.watch?.(this.#wakeup.notify, leadership.abort);
    while (!leadership.abort.aborted) {
      const resync = this.#signal.resyncMs * (0.8 + random() * 0.4);
      const pause = this.#failures === 0 ? resync : backoff(this.#failures - 1, RETRY, random);
      await this.#wakeup.wait(pause, leadership.abort);
      if (this.#state !== undefined && !leadership.abort.aborted) await this.#apply(this.#state, leadership);
    }
    await watching;
  }

  async #apply(state: PublishedStatus, leadership: Leadership): Promise<void> {
    const signal = this.#signal.name;
    try {
      await this.#signal.apply(state, leadership);
      this.#failures = 0;
      this.#options.onProgress({ signal, outcome: 'applied', failures: 0 });
    } catch (error) {
      if (leadership.abort.aborted) return; // Cut short because this replica stops: no failure of the signal.
      if (this.#signal.hasten !== undefined && this.#state !== state) return; // Cut short for the newer one.
      this.#failures += 1;
      this.#options.onProgress({ signal, outcome: 'failed', failures: this.#failures, error });
    }
  }
}

export interface PublisherOptions extends SignalWorkerOptions {
  readonly follower: string;
  readonly sites: Sites;
}

/** Hands each new status to all signals of one follower, and runs them. */
export class SignalPublisher implements ReconcileSubscriber {
  readonly #options: PublisherOptions;
  readonly #first: readonly SignalWorker[];
  readonly #others: readonly SignalWorker[];
  #hasMoved = false;

  constructor(signals: readonly Signal[], options: PublisherOptions) {
    const workers = (isFirst: boolean) =>
      signals
        .filter((signal) => (signal.isFirst ?? false) === isFirst)
        .map((signal) => new SignalWorker(signal, options));
    this.#options = options;
    this.#first = workers(true);
    this.#others = workers(false);
  }

  onStatus({ before, after: status }: StatusChange): void {
    const { follower, sites, clock } = this.#options;
    if (before !== undefined && before.epoch !== status.epoch) this.#hasMoved = true;
    const state = { follower, status, site: sites.named(status.activeSite), hasMoved: this.#hasMoved };
    for (const worker of this.#first) worker.publish(state);
    clock.after(this.#first.length > 0 ? OTHERS_AFTER_MS : 0, () => {
      for (const worker of this.#others) worker.publish(state);
    });
  }

  /** One task for each signal, until the leadership ends. */
  run(leadership: Leadership): readonly Promise<void>[] {
    return [...this.#first, ...this.#others].map((worker) => worker.run(leadership));
  }
}
