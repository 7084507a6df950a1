import type { Clock } from '../../runtime/clock.ts';

const WALL_START = Date.UTC(2026, 0, 1);

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly process: ProcessClock;
  readonly task: () => void;
  waiting: boolean;
}

/**
 * Time that moves only when told to. Between two timers all promise jobs run until nothing is left to do,
 * so that a run depends on nothing but the order of its timers.
 */
export class VirtualClock implements Clock {
  #time = 0;
  #order = 0;
  readonly #queue = new TimerQueue();
  readonly #own = new ProcessClock(this, {});

  /** Milliseconds since 1970; starts with the year 2026. */
  now(): number {
    return WALL_START + this.#time;
  }

  /** Milliseconds since the clock was made. */
  elapsed(): number {
    return this.#time;
  }

  after(ms: number, task: () => void): () => void {
    return this.#own.after(ms, task);
  }

  /** How many timers set on this clock itself wait, neither fired nor cancelled. */
  get pending(): number {
    return this.#own.pending;
  }

  /** The clock of one simulated process, which can be frozen and crashed apart from the others. */
  process(options: ProcessClockOptions = {}): ProcessClock {
    return new ProcessClock(this, options);
  }

  advance(ms: number): Promise<void> {
    return this.advanceTo(this.#time + ms);
  }

  /** What comes of `work` after so much time; throws as it did. */
  async settled<T>(work: Promise<T>, ms: number): Promise<T> {
    const outcome = Promise.allSettled([work]);
    await this.advance(ms);
    await outcome;
    return work;
  }

  /** Fires every timer due up to and including `time` (by elapsed()), then stands at `time`. */
  async advanceTo(time: number): Promise<void> {
    let more = true;
    while (more) more = await this.step(time);
  }

  /** Settles, then fires the next timer due at `limit` or before; false, standing at `limit`, when there is none. */
  async step(limit: number): Promise<boolean> {
    await settle();
    const timer = this.#next(limit);
    if (timer === undefined) {
      this.#time = Math.max(this.#time, limit);
      return false;
    }
    this.#time = Math.max(this.#time, timer.at);
    timer.task();
    return true;
  }

  #next(limit: number): Timer | undefined {
    for (
      let timer = this.#queue.peek();
      timer !== undefined && timer.at <= limit;
      timer = this.#queue.peek()
    ) {
      this.#queue.pop();
      if (timer.process.claim(timer)) return timer;
    }
    return undefined;
  }

  /** For ProcessClock: due timers come in the order of their time, then of their making. */
  schedule(process: ProcessClock, ms: number, task: () => void): Timer {
    const timer = {
      at: this.#time + Math.max(0, ms),
      order: this.#order++,
      process,
      task,
      waiting: true,
    };
    this.#queue.push(timer);
    return timer;
  }

  /** For ProcessClock: timers that came due while it was frozen. They stay overdue, and so keep their order. */
  reschedule(timers: readonly Timer[]): void {
    for (const timer of timers) this.#queue.push(timer);
  }
}

export interface ProcessClockOptions {
  /** Milliseconds that this process' wall clock is ahead. */
  readonly skew?: number;
  /** What elapsed() says when the virtual clock stands at 0. */
  readonly origin?: number;
}

/** What one process sees of a VirtualClock. */
export class ProcessClock implements Clock {
  readonly #clock: VirtualClock;
  readonly #skew: number;
  readonly #origin: number;
  #state: 'running' | 'frozen' | 'crashed' = 'running';
  #parked: Timer[] = [];
  #pending = 0;

  constructor(clock: VirtualClock, options: ProcessClockOptions) {
    this.#clock = clock;
    this.#skew = options.skew ?? 0;
    this.#origin = options.origin ?? 0;
  }

  now(): number {
    return this.#clock.now() + this.#skew;
  }

  elapsed(): number {
    return this.#clock.elapsed() + this.#origin;
  }

  get state(): 'running' | 'frozen' | 'crashed' {
    return this.#state;
  }

  /** How many timers of this process wait, neither fired nor cancelled. */
  get pending(): number {
    return this.#pending;
  }

  after(ms: number, task: () => void): () => void {
    if (this.#state === 'crashed') return () => undefined;
    const timer = this.#clock.schedule(this, ms, task);
    this.#pending += 1;
    return () => this.#finish(timer);
  }

  /** Like SIGSTOP: timers that come due wait, while elapsed() goes on. */
  freeze(): void {
    if (this.#state === 'running') this.#state = 'frozen';
  }

  /** Like SIGCONT: what came due meanwhile fires now, in its order. */
  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.#state = 'running';
    this.#clock.reschedule(this.#parked);
    this.#parked = [];
  }

  /** Like SIGKILL: nothing of it fires any more. */
  crash(): void {
    this.#state = 'crashed';
    this.#parked = [];
    this.#pending = 0;
  }

  /** For VirtualClock: whether a due timer may fire now. */
  claim(timer: Timer): boolean {
    if (!timer.waiting || this.#state === 'crashed') return false;
    if (this.#state === 'frozen') {
      this.#parked.push(timer);
      return false;
    }
    this.#finish(timer);
    return true;
  }

  #finish(timer: Timer): void {
    if (!timer.waiting) return;
    timer.waiting = false;
    if (this.#state !== 'crashed') this.#pending -= 1;
  }
}

/** Lets every promise job and next-tick callback run, and those that they start. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Whether it settles, well or badly, within so many milliseconds of virtual time. */
export async function settlesWithin(
  clock: VirtualClock,
  ms: number,
  promise: Promise<unknown>,
): Promise<boolean> {
  let isSettled = false;
  const mark = () => {
    isSettled = true;
  };
  promise.then(mark, mark);
  await clock.advance(ms);
  return isSettled;
}

/** A binary heap. */
class TimerQueue {
  readonly #heap: Timer[] = [];

  peek(): Timer | undefined {
    return this.#heap[0];
  }

  push(timer: Timer): void {
    const heap = this.#heap;
    let index = heap.length;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || before(parent, timer)) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = timer;
  }

  pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = heap[2 * index + 1];
      const right = heap[2 * index + 2];
      if (left === undefined) break;
      const smaller = right !== undefined && before(right, left) ? right : left;
      if (before(last, smaller)) break;
      heap[index] = smaller;
      index = 2 * index + (smaller === left ? 1 : 2);
    }
    heap[index] = last;
  }
}

function before(one: Timer, other: Timer): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
