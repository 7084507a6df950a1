import {
  CALL_TIMEOUT_MS,
  type CallOptions,
  type KubeApi,
  type KubeObject,
  type ListOptions,
  type ObjectKey,
  type Resource,
  type WatchEvent,
  type WatchOptions,
} from '../../kubernetes/api.ts';
import { KubeError } from '../../kubernetes/errors.ts';
import type { SeededRandom } from '../support/random.ts';
import type { ProcessClock, VirtualClock } from '../support/virtual-clock.ts';
import { describe, refusal, tooOld } from './api-objects.ts';
import type { ApiServer } from './api-server.ts';
import type { Fate, Faults } from './faults.ts';
import { Link } from './link.ts';
import { WatchStream } from './watch-stream.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'replace' | 'patch' | 'delete';

/** One call as its caller made it. */
export interface Call {
  readonly actor: string;
  readonly verb: Verb;
  readonly resource: Resource;
  readonly key: ObjectKey;
  /** Milliseconds of the virtual clock. */
  readonly calledAt: number;
}

export interface CallHooks {
  /** Right when the process makes the call: it may freeze or crash the process. */
  onCall(call: Call): void;
  /** Right when the process learns that the call has succeeded. */
  onSuccess(call: Call): void;
  /** Runs `operate`, on the server. */
  during<T>(call: Call, operate: () => T): T;
  onTrouble(call: Call, what: Fate | 'cut off'): void;
}

export interface ConnectionPorts {
  readonly actor: string;
  readonly clock: VirtualClock;
  readonly process: ProcessClock;
  readonly server: ApiServer;
  readonly random: SeededRandom;
  readonly hooks: CallHooks;
}

/** How one process reaches the API server: the port that the program is given, and all that can go wrong with it. */
export class Connection implements KubeApi {
  readonly #ports: ConnectionPorts;
  readonly #link: Link;
  readonly #streams = new Set<WatchStream>();

  constructor(ports: ConnectionPorts) {
    this.#ports = ports;
    this.#link = new Link({ ...ports, errors: kubeErrors(ports.random) });
  }

  set faults(faults: Faults) {
    this.#link.faults = faults;
    // Nobody tells the two ends of a cut connection: its streams stay open and say nothing any more.
    if (faults.cut) this.silenceStreams();
  }

  silenceStreams(): void {
    for (const stream of this.#streams) stream.silence();
  }

  endStreams(): void {
    for (const stream of this.#streams) stream.end();
  }

  readonly get: KubeApi['get'] = (resource, key, options = {}) => {
    const { metadataOnly, maxBytes = Number.POSITIVE_INFINITY } = options;
    return this.#call('get', resource, key, options, (server) => {
      const object = server.get(resource, key, metadataOnly);
      if (JSON.stringify(object).length <= maxBytes) return object;
      throw new KubeError('more than is read at once', { status: 200, reason: 'TooLarge' });
    });
  };

  readonly list: KubeApi['list'] = (resource, options = {}) =>
    this.#call('list', resource, place(options), options, (server) => server.list(resource, options));

  readonly create: KubeApi['create'] = (resource, object, options = {}) =>
    this.#call('create', resource, object.metadata, options, (server) =>
      server.create(this.#ports.actor, resource, object),
    );

  readonly replace: KubeApi['replace'] = (resource, object, options = {}) =>
    this.#call('replace', resource, object.metadata, options, (server) =>
      server.replace(this.#ports.actor, resource, object),
    );

  readonly patch: KubeApi['patch'] = (resource, key, body, options) =>
    this.#call('patch', resource, key, options, (server) =>
      server.patch(this.#ports.actor, resource, key, body, options),
    );

  readonly delete: KubeApi['delete'] = (resource, key, options = {}) =>
    this.#call('delete', resource, key, options, (server) =>
      server.delete(this.#ports.actor, resource, key, options),
    );

  async *watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    const { process, random } = this.#ports;
    const stream = new WatchStream({ process, random, faults: () => this.#link.faults });
    this.#streams.add(stream);
    try {
      await this.#call('watch', resource, place(options), options, (server) => {
        if (random.chance(this.#link.faults.watch.refused)) throw tooOld();
        stream.open(server, resource, options);
      });
      yield* stream.events() as AsyncIterable<WatchEvent<T>>;
    } finally {
      stream.close();
      this.#streams.delete(stream);
    }
  }

  async #call<T>(
    verb: Verb,
    resource: Resource,
    { name, namespace }: ObjectKey,
    { abort, timeoutMs = CALL_TIMEOUT_MS }: CallOptions,
    operate: (server: ApiServer) => T,
  ): Promise<T> {
    const { actor, clock, process, server, hooks } = this.#ports;
    if (process.state === 'crashed') return new Promise(() => undefined);
    abort?.throwIfAborted();
    const key = namespace === undefined ? { name } : { name, namespace };
    const call: Call = { actor, verb, resource, key, calledAt: clock.elapsed() };
    hooks.onCall(call);
    const answer = await this.#link.call({
      what: `${verb} ${describe(resource, key)}`,
      timeoutMs,
      abort,
      mayConflict: verb === 'replace' || verb === 'patch',
      operate: () => hooks.during(call, () => operate(server)),
      onTrouble: (what) => hooks.onTrouble(call, what),
    });
    hooks.onSuccess(call);
    return answer;
  }
}

function place({ namespace, fieldSelector = '*' }: ListOptions): ObjectKey {
  return namespace === undefined ? { name: fieldSelector } : { name: fieldSelector, namespace };
}

function kubeErrors(random: SeededRandom) {
  const noAnswer = (message: string, cause?: Error) =>
    new KubeError(message, { status: 0, reason: 'NoAnswer', cause });
  return {
    unreachable: (what: string) => noAnswer(`${what}: connection refused`),
    conflict: (what: string) => refusal(409, 'Conflict', `${what}: the object has been modified`),
    tooMany: (what: string) =>
      new KubeError(`${what}: too many requests`, {
        status: 429,
        reason: 'TooManyRequests',
        retryAfterMs: 1_000,
      }),
    noAnswer: (_: string, cause: Error) => noAnswer(cause.message, cause),
    serverError(what: string) {
      const [status, reason] = random.pick([
        [500, 'InternalError'],
        [503, 'ServiceUnavailable'],
        [504, 'Timeout'],
      ] as const);
      return new KubeError(`${what}: the server answers ${status}`, { status, reason });
    },
  };
}
