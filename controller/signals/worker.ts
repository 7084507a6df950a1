import type { Leadership } from '../../kubernetes/leadership.ts';
import { backoff } from '../../runtime/backoff.ts';
import type { Clock, Random } from '../../runtime/clock.ts';
import { Wakeup } from '../../runtime/wakeup.ts';
import type { State } from '../state.ts';
import type { Signal } from './signal.ts';

/** How a signal stands, for metrics and the report. */
export interface SignalProgress {
  readonly signal: string;
  readonly outcome: 'applied' | 'failed';
  /** How often in a row it has failed; 0 after success. */
  readonly failures: number;
  readonly error?: unknown;
}

export interface WorkerPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly onProgress: (progress: SignalProgress) => void;
}

const RETRY = { base: 500, max: 60_000 };
/** A burst of wakes costs one application now and one this much later, also while they fail. */
const MIN_GAP_MS = 100;

/** Gives one signal the newest state, by itself: its failures and its pace hold up nobody else. */
export class SignalWorker {
  readonly #signal: Signal;
  readonly #ports: WorkerPorts;
  readonly #wakeup: Wakeup;
  #state: State | undefined;
  #failures = 0;

  constructor(signal: Signal, ports: WorkerPorts) {
    this.#signal = signal;
    this.#ports = ports;
    this.#wakeup = new Wakeup(ports.clock, MIN_GAP_MS);
  }

  /** The newest state wins; one that was not applied yet is dropped, never queued. */
  publish(state: State): void {
    this.#state = state;
    this.#wakeup.notify();
  }

  /** Runs until the leadership ends. */
  async run(leadership: Leadership): Promise<void> {
    const { random } = this.#ports;
    const watching = this.#signal.watch?.(this.#wakeup.notify, leadership.signal);
    while (!leadership.signal.aborted) {
      const resync = this.#signal.resyncMs * (0.8 + random() * 0.4);
      const pause = this.#failures === 0 ? resync : backoff(this.#failures - 1, RETRY, random);
      await this.#wakeup.wait(pause, leadership.signal);
      if (this.#state !== undefined && !leadership.signal.aborted) await this.#apply(this.#state, leadership);
    }
    await watching;
  }

  async #apply(state: State, leadership: Leadership): Promise<void> {
    const signal = this.#signal.name;
    try {
      await this.#signal.apply(state, leadership);
      this.#failures = 0;
      this.#ports.onProgress({ signal, outcome: 'applied', failures: 0 });
    } catch (error) {
      if (leadership.signal.aborted) return; // Cut short because this replica stops: no failure of the signal.
      this.#failures += 1;
      this.#ports.onProgress({ signal, outcome: 'failed', failures: this.#failures, error });
    }
  }
}
