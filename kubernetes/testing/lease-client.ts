import { withDeadline } from '../../runtime/clock.ts';
import type { ProcessClock, VirtualClock } from '../../test/support/virtual-clock.ts';
import {
  CALL_TIMEOUT_MS,
  type CallOptions,
  type KubeApi,
  type KubeObject,
  type List,
  type Resource,
  type WatchEvent,
  type WatchOptions,
} from '../api.ts';
import { KubeError } from '../errors.ts';
import { FakeWatch, page } from './fake-api.ts';
import type { LeaseServer } from './lease-server.ts';

/** Milliseconds that a message takes, or undefined when it is lost. */
export type Delay = () => number | undefined;

/**
 * What one process sees of a LeaseServer through a network with delays and losses. Requests travel on the world's
 * clock, so that they arrive also when their sender was stopped meanwhile; answers come by the clock of the process.
 */
export class LeaseClient implements KubeApi {
  readonly #server: LeaseServer;
  readonly #world: VirtualClock;
  readonly #process: ProcessClock;
  /** Replaced by the test. */
  there: Delay = () => 1;
  back: Delay = () => 1;
  /** A balancer between them repeats each request, and gives the second answer. */
  sendsTwice = false;

  constructor(server: LeaseServer, world: VirtualClock, process: ProcessClock) {
    this.#server = server;
    this.#world = world;
    this.#process = process;
  }

  get<T extends KubeObject>(_resource: Resource<T>, _key: unknown, options: CallOptions = {}): Promise<T> {
    return this.#call(() => this.#server.get(), options) as Promise<KubeObject> as Promise<T>;
  }

  create<T extends KubeObject>(_resource: Resource<T>, object: T, options: CallOptions = {}): Promise<T> {
    return this.#call(() => this.#server.create(object), options) as Promise<KubeObject> as Promise<T>;
  }

  replace<T extends KubeObject>(_resource: Resource<T>, object: T, options: CallOptions = {}): Promise<T> {
    return this.#call(() => this.#server.replace(object), options) as Promise<KubeObject> as Promise<T>;
  }

  async list<T extends KubeObject>(_resource: Resource<T>, options: CallOptions = {}): Promise<List<T>> {
    const list = await this.#call(() => {
      const { lease, version } = this.#server;
      return page(lease === undefined ? [] : [lease], String(version));
    }, options);
    return list as List<KubeObject> as List<T>;
  }

  watch<T extends KubeObject>(_resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>> {
    const watch = new FakeWatch(options);
    const end = this.#server.watch((type, lease) => {
      const delay = this.back();
      if (delay !== undefined) this.#process.after(delay, () => watch.send(type, lease));
    });
    options.abort?.addEventListener('abort', end, { once: true });
    return watch as AsyncIterable<WatchEvent<KubeObject>> as AsyncIterable<WatchEvent<T>>;
  }

  patch = refuse;
  delete = refuse;

  async #call<R>(run: () => R, { abort, timeoutMs = CALL_TIMEOUT_MS }: CallOptions): Promise<R> {
    try {
      return await withDeadline(this.#process, timeoutMs, abort, 'the call', () => this.#travel(run));
    } catch (error) {
      if (error instanceof KubeError || abort?.aborted) throw error;
      throw new KubeError('no answer', { status: 0, reason: 'NoAnswer', cause: error });
    }
  }

  #travel<R>(run: () => R): Promise<R> {
    return new Promise((resolve, reject) => {
      const there = this.there();
      if (there === undefined) return;
      this.#world.after(there, () => {
        let settle: () => void;
        try {
          if (this.sendsTwice) attempt(run);
          const result = run();
          settle = () => resolve(result);
        } catch (error) {
          settle = () => reject(error as KubeError);
        }
        const back = this.back();
        if (back !== undefined) this.#process.after(back, settle);
      });
    });
  }
}

function attempt(run: () => unknown): void {
  try {
    run();
  } catch {
    // The first answer is lost, whatever it was.
  }
}

function refuse(): Promise<never> {
  return Promise.reject(new Error('the test did not expect this call'));
}
