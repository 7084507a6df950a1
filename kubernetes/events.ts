import { createHash } from 'node:crypto';
import { type Clock, type Random, timestamp } from '../runtime/clock.ts';
import type { KubeApi } from './api.ts';
import { cut } from './cut.ts';
import { isAlreadyExists, isForbidden } from './errors.ts';
import { EVENTS, type KubeEvent } from './resources.ts';

/** What happened, to which object. */
export interface EventNote {
  readonly type: KubeEvent['type'];
  /** UpperCamelCase, one word of a documented list. */
  readonly reason: string;
  /** UpperCamelCase: what was done or tried. */
  readonly action: string;
  /** One sentence for the reader. */
  readonly note: string;
  readonly regarding: KubeEvent['regarding'];
}

export interface EventRecorderOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  /** The program's name. */
  readonly reportingController: string;
  /** The process: the pod's name. */
  readonly reportingInstance: string;
  /** An event that was not written: the API failed, or too many wait. A refusal by RBAC is reported only once. */
  readonly onDropped?: (event: EventNote, error: unknown) => void;
}

const MAX_WAITING = 100;
/** For so long, an event that says the same about the same object is left out. */
const REPEAT_MS = 5 * 60_000;
const MAX_REMEMBERED = 1_000;
/** In bytes. The API server refuses longer ones, and what waits here must not grow with what is said of an object. */
const LIMITS = {
  note: 1_024,
  reason: 128,
  action: 128,
  apiVersion: 317,
  kind: 63,
  namespace: 63,
  name: 253,
  uid: 128,
};

/** Writes Kubernetes Events one after the other, in the background. Losing one does no harm; waiting would. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #waiting: EventNote[] = [];
  /** When it was last written, in the order of time. */
  readonly #remembered = new Map<string, number>();
  #busy = false;
  #writing: Promise<void> = Promise.resolve();
  #reportedForbidden = false;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  /** Never throws, never waits. */
  record(note: EventNote): void {
    const event = bounded(note);
    if (this.#isRepeated(event)) return;
    if (this.#waiting.length >= MAX_WAITING) {
      this.#remembered.delete(identityOf(event));
      this.#options.onDropped?.(event, new Error(`more than ${MAX_WAITING} events wait to be written`));
      return;
    }
    this.#waiting.push(event);
    if (!this.#busy) this.#writing = this.#writeAll();
  }

  /** Resolves when everything recorded so far was written or dropped. */
  flush(): Promise<void> {
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    this.#busy = true;
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      try {
        await this.#options.api.create(EVENTS, this.#toObject(event));
      } catch (error) {
        // The name is random: only the same request, sent twice, can have been there before.
        if (isAlreadyExists(error)) continue;
        this.#remembered.delete(identityOf(event));
        if (isForbidden(error) && this.#reportedForbidden) continue;
        this.#reportedForbidden ||= isForbidden(error);
        this.#options.onDropped?.(event, error);
      }
    }
    this.#busy = false;
  }

  #isRepeated(event: EventNote): boolean {
    const now = this.#options.clock.elapsed();
    for (const [identity, at] of this.#remembered) {
      if (now - at < REPEAT_MS && this.#remembered.size < MAX_REMEMBERED) break;
      this.#remembered.delete(identity);
    }
    const identity = identityOf(event);
    if (this.#remembered.has(identity)) return true;
    this.#remembered.set(identity, now);
    return false;
  }

  #toObject({ type, reason, action, note, regarding }: EventNote): KubeEvent {
    const { clock, random, reportingController, reportingInstance } = this.#options;
    const suffix = `.${clock.now().toString(16)}${Math.floor(random() * 0x10000).toString(16)}`;
    return {
      metadata: {
        name: regarding.name.slice(0, LIMITS.name - suffix.length) + suffix,
        namespace: regarding.namespace ?? 'default',
      },
      eventTime: `${timestamp(clock).slice(0, -1)}000Z`,
      type,
      reason,
      action,
      note,
      reportingController,
      reportingInstance,
      regarding,
    };
  }
}

function bounded({ type, reason, action, note, regarding }: EventNote): EventNote {
  const { apiVersion, kind, namespace, name, uid } = regarding;
  return {
    type,
    reason: cut(reason, LIMITS.reason),
    action: cut(action, LIMITS.action),
    note: cut(note, LIMITS.note),
    regarding: {
      apiVersion: cut(apiVersion, LIMITS.apiVersion),
      kind: cut(kind, LIMITS.kind),
      ...(namespace !== undefined && { namespace: cut(namespace, LIMITS.namespace) }),
      name: cut(name, LIMITS.name),
      ...(uid !== undefined && { uid: cut(uid, LIMITS.uid) }),
    },
  };
}

function identityOf({ type, reason, note, regarding }: EventNote): string {
  const { kind, namespace, name, uid } = regarding;
  return createHash('sha256')
    .update(JSON.stringify([type, reason, note, kind, namespace, name, uid]))
    .digest('base64');
}
