import { Worker } from 'node:worker_threads';
import type { FollowedPods } from '../../contract/followed.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { InjectorConfig } from '../injector-config.ts';
import type { LimitsOf } from '../limit-ranges.ts';
import type { Review } from '../review.ts';
import { UnreadableBody } from '../server-body.ts';
import type { ActiveSites } from '../services/route.ts';
import type { Answer, Job, Question, Start, WorkerMessage } from './messages.ts';
import { program } from './program.ts';

export interface LargeReviewsOptions {
  readonly config: InjectorConfig;
  readonly active: ActiveSites;
  readonly followed: () => readonly FollowedPods[];
  readonly limits: LimitsOf;
  readonly clock: Clock;
}

/** The timeoutSeconds of the chart's webhook configuration. The largest review takes about 0.1 s. */
const LONGEST_MS = 5_000;
/** Large reviews come in bursts, when something is rolled out, or not at all. */
const IDLE_MS = 60_000;
/** The worst body, of nothing but empty objects, needs about 100 MB. */
const HEAP = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 8 };

interface Running {
  readonly resolve: (review: Review) => void;
  readonly reject: (reason: Error) => void;
}

/**
 * Answers large reviews in a worker thread: a review of megabytes takes tens of milliseconds, during which the main
 * thread would answer nobody. The thread is started on demand and ended when idle. Its heap has its own limit; if it
 * dies, the next review starts another one.
 */
export class LargeReviews {
  readonly #options: LargeReviewsOptions;
  readonly #answered = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  #worker: Worker | undefined;
  #running: Running | undefined;
  #cancelEnd = () => {};

  constructor(options: LargeReviewsOptions) {
    this.#options = options;
  }

  /** One at a time. `bytes` are transferred to the thread. Rejects with an `UnreadableBody`, or when the thread has ended. */
  async review(bytes: Uint8Array<ArrayBuffer>, charset: string): Promise<Review> {
    if (this.#running !== undefined) throw new Error('the last large review is not done');
    this.#cancelEnd();
    const { clock, followed } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<Review>();
    const cancel = clock.after(LONGEST_MS, () =>
      this.#end(new UnreadableBody(503, `it was not judged within ${LONGEST_MS / 1_000} s`)),
    );
    this.#running = { resolve, reject };
    try {
      this.#worker ??= this.#start();
      const job: Job = { bytes, charset, followed: followed() };
      this.#worker.postMessage(job, [bytes.buffer]);
      return await promise;
    } finally {
      cancel();
      this.#running = undefined;
      if (this.#worker !== undefined) this.#endWhenIdle();
    }
  }

  #endWhenIdle(): void {
    this.#cancelEnd = this.#options.clock.after(IDLE_MS, () => this.#end(new Error('it was idle')));
  }

  stop(): void {
    this.#cancelEnd();
    this.#end(new Error('the webhook has stopped'));
  }

  #start(): Worker {
    const { config } = this.#options;
    const workerData: Start = { config, answered: this.#answered };
    const worker = new Worker(program, {
      workerData,
      eval: typeof program === 'string',
      resourceLimits: HEAP,
      name: 'large-reviews',
    });
    const ended = (reason: Error) => {
      if (this.#worker === worker) this.#end(reason);
    };
    worker.on('message', (said: WorkerMessage) => this.#hear(worker, said));
    worker.on('error', (cause) => ended(new Error('the thread for large reviews has failed', { cause })));
    worker.on('exit', (code) => ended(new Error(`the thread for large reviews has ended with code ${code}`)));
    // The client's connection keeps the process alive; the thread must not.
    worker.unref();
    return worker;
  }

  #hear(worker: Worker, said: WorkerMessage): void {
    switch (said.kind) {
      case 'reviewed':
        this.#running?.resolve(said.review);
        break;
      case 'unreadable':
        this.#running?.reject(new UnreadableBody(said.status, said.problem));
        break;
      case 'active':
      case 'limits':
        worker.postMessage(this.#answer(said));
        Atomics.store(this.#answered, 0, 1);
        Atomics.notify(this.#answered, 0);
    }
  }

  #answer(question: Question): Answer {
    const { active, limits } = this.#options;
    if (question.kind === 'active') return { active: active(question.follower) };
    return { limits: limits(question.namespace) };
  }

  #end(reason: Error): void {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#running?.reject(reason);
    void worker?.terminate();
  }
}
