import type { Dispatcher } from 'undici';
import { type Clock, DeadlineError, withDeadline } from '../runtime/clock.ts';
import { type Answer, readAnswer, readBounded } from './answers.ts';
import { CALL_TIMEOUT_MS, type CallOptions, type KubeApi, type Resource } from './api.ts';
import { Connection, type HttpCall } from './connection.ts';
import { KubeError } from './errors.ts';
import { failedAnswer, isReset, noAnswer } from './failures.ts';
import type { KubeConfig } from './kube-config.ts';
import { Slots } from './slots.ts';

/** One call, for metrics. A watch is reported when it begins. Calls that the caller aborted are not reported. */
export interface ApiCall {
  readonly method: keyof KubeApi;
  /** The plural, such as `configmaps`. */
  readonly resource: string;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly ms: number;
}

export interface ConnectOptions {
  readonly kubeConfig: KubeConfig;
  readonly clock: Clock;
  readonly onCall?: (call: ApiCall) => void;
  /** Ends the calls that are given no signal of their own, but for watches. */
  readonly abort?: AbortSignal;
}

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_FAILURE_BYTES = 64 * 1024;
/** A list of more is read when no other one of that size is. Neither a Lease nor a status is as large. */
const LARGE_LIST_BYTES = 128 * 1024;

export interface Call extends HttpCall {
  readonly name: keyof KubeApi;
  readonly resource: Resource;
  readonly maxBytes?: number | undefined;
}

/** Calls of the API server: each with its time limit, its bound in bytes, and every failure as a KubeError. */
export class Exchange {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #onCall: (call: ApiCall) => void;
  readonly #abort: AbortSignal | undefined;
  /** Several that are read and parsed at once take their memory at once, and each page can be of megabytes. */
  readonly #largeLists = new Slots(1);

  constructor({ kubeConfig, clock, abort, onCall = () => undefined }: ConnectOptions) {
    this.#abort = abort;
    this.#connection = new Connection(kubeConfig);
    this.#clock = clock;
    this.#onCall = onCall;
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  call(call: Call, { abort = this.#abort, timeoutMs = CALL_TIMEOUT_MS }: CallOptions): Promise<Answer> {
    return this.timed(call, timeoutMs, abort, async (inner) => {
      try {
        return await this.#exchange(call, inner);
      } catch (error) {
        if (call.method !== 'GET' || !isReset(error) || inner.aborted) throw error;
        return await this.#exchange(call, inner);
      }
    });
  }

  async timed<T>(
    call: Call,
    timeoutMs: number,
    abort: AbortSignal | undefined,
    run: (abort: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const what = describe(call);
    const started = this.#clock.elapsed();
    const report = (status: number) =>
      this.#onCall({
        method: call.name,
        resource: call.resource.plural,
        status,
        ms: this.#clock.elapsed() - started,
      });
    try {
      const result = await withDeadline(this.#clock, timeoutMs, abort, what, run);
      report(200);
      return result;
    } catch (error) {
      const failure = this.failure(what, error, abort);
      if (failure instanceof KubeError) report(failure.status);
      throw failure;
    }
  }

  async #exchange(call: Call, abort: AbortSignal): Promise<Answer> {
    const response = await this.open(call, abort);
    const [what, limit] = [describe(call), call.maxBytes ?? MAX_ANSWER_BYTES];
    if (call.name !== 'list') return readAnswer(what, response, limit);
    let leave = () => {};
    const enter = async () => {
      leave = await this.#largeLists.enter(abort);
    };
    try {
      return await readAnswer(what, response, limit, { above: LARGE_LIST_BYTES, enter });
    } finally {
      leave();
    }
  }

  /** The answer with its body unread; throws KubeError when it is not 2xx. */
  async open(call: Call, abort: AbortSignal): Promise<Dispatcher.ResponseData> {
    const response = await this.#connection.request(call, abort);
    if (response.statusCode >= 200 && response.statusCode < 300) return response;
    const what = describe(call);
    const body = await readBounded(what, response, MAX_FAILURE_BYTES);
    throw failedAnswer(what, response.statusCode, response.headers, body, this.#clock.now());
  }

  /** The caller's own abort stays what it is; everything else becomes a KubeError. */
  failure(what: string, error: unknown, abort: AbortSignal | undefined): unknown {
    if (error instanceof KubeError) return error;
    if (abort?.aborted) return abort.reason;
    if (error instanceof DeadlineError) this.#connection.retire();
    return noAnswer(what, error);
  }
}

export function describe(call: Call): string {
  return `${call.method} ${call.target.split('?', 1)[0]}`;
}
