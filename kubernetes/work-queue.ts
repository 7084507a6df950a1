import { backoff } from '../runtime/backoff.ts';
import { aborted, type Clock, type Random } from '../runtime/clock.ts';
import { FairQueue } from '../runtime/fair-queue.ts';
import { KubeError } from './errors.ts';
import type { Slots } from './slots.ts';

export interface WorkQueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Handles one key; a rejection is a failure, and the key comes back later. Needs its own time limits. */
  readonly work: (key: string, abort: AbortSignal) => Promise<void>;
  readonly onFailure?: (key: string, error: unknown, failures: number, delayMs: number) => void;
  readonly concurrency?: number;
  /** What all queues of a process do at once: each key that is worked on takes one, for {@link SLOT_MS} at most. */
  readonly slots?: Slots | undefined;
  /** Bound on distinct keys queued, worked on or waiting for their retry. */
  readonly maxKeys?: number;
  /** Milliseconds between the retries of one key. */
  readonly retry?: { readonly base: number; readonly max: number };
}

const RETRY = { base: 500, max: 60_000 };
/** What the API server calls invalid stays so until the object changes, which adds its key again. */
const INVALID_MS = 5 * 60_000;
const INVALID = 422;

/**
 * Whoever takes longer waits for somebody else, such as an admission webhook that hangs in some namespaces: that costs the API
 * server nothing, and no other queue waits for it.
 */
const SLOT_MS = 1_000;

interface Entry {
  failures: number;
  ready: boolean;
  running: boolean;
  /** Added again while running. */
  again: boolean;
  cancelRetry: (() => void) | undefined;
}

/**
 * Keys to work on: each at most once at a time and once in the queue. Namespaces take turns, so that many objects
 * of one delay no other; within one, keys come in the order of their adding.
 * A failed key is retried with back-off until it succeeds. An `add` during that wait tries at once; one during
 * the work that failed does not, since the work itself may have caused it.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #entries = new Map<string, Entry>();
  /** By namespace. */
  readonly #ready = new FairQueue<string>();
  readonly #idle: (() => void)[] = [];
  #running = 0;
  #scheduled = false;
  #abort: AbortSignal | undefined;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** Distinct keys queued, worked on or waiting for their retry. */
  get size(): number {
    return this.#entries.size;
  }

  /** False when the queue has stopped, or is full and the key is not in it: then nothing was kept. */
  add(key: string): boolean {
    if (this.#abort?.aborted) return false;
    const entry = this.#entries.get(key) ?? this.#admit(key);
    if (entry === undefined) return false;
    if (entry.running) entry.again = true;
    else this.#enqueue(key, entry);
    return true;
  }

  /** Works until `abort` fires, then resolves as soon as nothing is being worked on. Call once. */
  async run(abort: AbortSignal): Promise<void> {
    this.#abort = abort;
    this.#schedule();
    await aborted(abort);
    for (const entry of this.#entries.values()) entry.cancelRetry?.();
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    this.#entries.clear();
  }

  #admit(key: string): Entry | undefined {
    if (this.#entries.size >= (this.#options.maxKeys ?? 10_000)) return undefined;
    const entry: Entry = { failures: 0, ready: false, running: false, again: false, cancelRetry: undefined };
    this.#entries.set(key, entry);
    return entry;
  }

  #enqueue(key: string, entry: Entry): void {
    entry.cancelRetry?.();
    entry.cancelRetry = undefined;
    if (!entry.ready) this.#ready.add(namespaceOf(key), key);
    entry.ready = true;
    this.#schedule();
  }

  /** Not within the caller's own call, and once for everything that it adds. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    const abort = this.#abort;
    if (abort === undefined) return;
    while (!abort.aborted && this.#running < (this.#options.concurrency ?? 4)) {
      const key = this.#ready.next();
      if (key === undefined) return;
      const entry = this.#entries.get(key);
      if (entry !== undefined) void this.#process(key, entry, abort);
    }
  }

  async #process(key: string, entry: Entry, abort: AbortSignal): Promise<void> {
    this.#running += 1;
    entry.ready = false;
    entry.running = true;
    entry.again = false;
    let failure: { readonly error: unknown } | undefined;
    try {
      await this.#work(key, abort);
    } catch (error) {
      failure = { error };
    }
    this.#running -= 1;
    entry.running = false;
    if (abort.aborted) {
      if (this.#running === 0) for (const resolve of this.#idle.splice(0)) resolve();
      return;
    }
    if (failure !== undefined) {
      this.#failed(key, entry, failure.error);
    } else if (entry.again) {
      entry.failures = 0;
      this.#enqueue(key, entry);
    } else {
      this.#entries.delete(key);
    }
    this.#pump();
  }

  async #work(key: string, abort: AbortSignal): Promise<void> {
    const { slots, work, clock } = this.#options;
    if (slots === undefined) return work(key, abort);
    const leave = await slots.enter(abort);
    let isIn = true;
    const leaveOnce = () => {
      if (isIn) leave();
      isIn = false;
    };
    const cancel = clock.after(SLOT_MS, leaveOnce);
    try {
      await work(key, abort);
    } finally {
      cancel();
      leaveOnce();
    }
  }

  #failed(key: string, entry: Entry, error: unknown): void {
    const { clock, random, retry = RETRY, onFailure } = this.#options;
    const asked = error instanceof KubeError ? (error.retryAfterMs ?? 0) : 0;
    const isInvalid = error instanceof KubeError && error.status === INVALID;
    const waits = isInvalid ? { base: INVALID_MS, max: INVALID_MS } : retry;
    const delay = Math.max(backoff(entry.failures, waits, random), Math.min(asked, retry.max));
    entry.failures += 1;
    entry.cancelRetry = clock.after(delay, () => this.#enqueue(key, entry));
    onFailure?.(key, error, entry.failures, delay);
  }
}

/** `namespace/name`; other keys are all of one. */
function namespaceOf(key: string): string {
  return key.slice(0, Math.max(0, key.indexOf('/')));
}
