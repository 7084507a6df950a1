import { backoff } from '../runtime/backoff.ts';
import { type Clock, type Random, timestamp } from '../runtime/clock.ts';
import { explain } from '../runtime/explain.ts';
import { KnownSince } from '../runtime/known-since.ts';
import { Wakeup } from '../runtime/wakeup.ts';
import { FORMATS } from './formats.ts';
import type { Outcome, TargetLedger, Waiting } from './ledger.ts';
import type { Notification } from './notifications.ts';
import type { Post, PostAnswer } from './post.ts';
import { keyOf, signatureHeaders } from './signature.ts';
import type { NotifyTarget } from './target.ts';

export interface SenderPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly post: Post;
  readonly source: string;
  /** False when this replica may not send. */
  readonly maySend: () => boolean;
  readonly read: () => TargetLedger | undefined;
  readonly write: (entry: TargetLedger) => void;
  /** After each attempt, and when one is given up without. */
  readonly onOutcome: (outcome: 'delivered' | 'failed' | 'given up', problem: string) => void;
}

const RETRY = { base: 2_000, max: 300_000 };
const GIVE_UP_MS = 3_600_000;
const MAX_ASKED_MS = 900_000;
const IDLE_MS = 3_600_000;
/** The receiver has read it and will not have it: the same again changes nothing. 410: it wants no more at all. */
const REFUSALS: ReadonlySet<number> = new Set([400, 410, 413, 415, 422]);

type Attempt =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'refused' | 'failed'; readonly problem: string; readonly retryAfterMs?: number };

/** Tells one target what is waiting for it, the oldest first, one at a time. Its troubles delay no other target. */
export class Sender {
  readonly #target: NotifyTarget;
  readonly #ports: SenderPorts;
  readonly #wakeup: Wakeup;
  readonly #known: KnownSince;
  /** On the monotonic clock. */
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(target: NotifyTarget, ports: SenderPorts) {
    this.#target = target;
    this.#ports = ports;
    this.#wakeup = new Wakeup(ports.clock, 0);
    this.#known = new KnownSince(ports.clock);
  }

  wake(): void {
    this.#wakeup.notify();
  }

  async run(abort: AbortSignal): Promise<void> {
    while (!abort.aborted) {
      const waiting = this.#ports.read()?.waiting ?? [];
      this.#known.keep(waiting.map(({ notification }) => notification.id));
      const [head] = waiting;
      const rest = this.#notBefore - this.#ports.clock.elapsed();
      if (head === undefined || !this.#ports.maySend()) await this.#wakeup.wait(IDLE_MS, abort);
      else if (rest > 0) await this.#wakeup.wait(rest, abort);
      else await this.#send(head, abort);
    }
  }

  async #send(head: Waiting, abort: AbortSignal): Promise<void> {
    const attempt = await this.#attempt(head.notification, abort);
    if (abort.aborted) return; // It may have arrived: the next leader sends the same id once more.
    const { clock, random, onOutcome } = this.#ports;
    const attempts = head.attempts + 1;
    if (attempt.kind === 'delivered') {
      this.#finish(head, attempts, 'delivered');
      onOutcome('delivered', '');
      return;
    }
    const { problem } = attempt;
    const pause = Math.max(
      backoff(head.attempts, RETRY, random),
      Math.min(attempt.retryAfterMs ?? 0, MAX_ASKED_MS),
    );
    this.#notBefore = clock.elapsed() + pause;
    const tooOld = this.#known.ms(head.notification.id) + pause > GIVE_UP_MS;
    if (attempt.kind === 'refused' || tooOld) {
      this.#finish(head, attempts, 'given up', problem);
      onOutcome('given up', problem);
    } else {
      this.#replaceHead(head, [{ ...head, attempts, problem }]);
      onOutcome('failed', problem);
    }
  }

  async #attempt(notification: Notification, abort: AbortSignal): Promise<Attempt> {
    const { post, clock, source } = this.#ports;
    const { contentType, format, signed } = FORMATS[this.#target.preset];
    const { id } = notification;
    const body = JSON.stringify(format(notification, source));
    const keys = this.#target.secrets.map((secret) => keyOf(secret.reveal()));
    const valid = keys.filter((key) => key !== undefined);
    if (valid.length < keys.length) return { kind: 'failed', problem: 'a secret is not one any more' };
    const signature = signed ? signatureHeaders(valid, id, Math.floor(clock.now() / 1_000), body) : {};
    const headers = { 'content-type': contentType, 'user-agent': 'kube-site-follower', ...signature };
    try {
      return judge(await post({ url: this.#target.url.reveal(), headers, body }, abort));
    } catch (error) {
      return { kind: 'failed', problem: explain(error) };
    }
  }

  #finish(head: Waiting, attempts: number, outcome: Outcome['outcome'], problem?: string): void {
    const { id, kind } = head.notification;
    const at = timestamp(this.#ports.clock);
    const last = { id, kind, outcome, at, attempts, ...(problem !== undefined && { problem }) };
    this.#replaceHead(head, [], { last });
    if (outcome === 'delivered') this.#notBefore = Number.NEGATIVE_INFINITY;
  }

  /** While it was under way, the queue may have grown, or this one have made room. */
  #replaceHead(head: Waiting, by: readonly Waiting[], also: Partial<TargetLedger> = {}): void {
    const entry = this.#ports.read();
    if (entry === undefined) return;
    const isHead = entry.waiting[0]?.notification.id === head.notification.id;
    const waiting = isHead ? [...by, ...entry.waiting.slice(1)] : entry.waiting;
    this.#ports.write({ ...entry, ...also, waiting });
  }
}

function judge({ status, retryAfterMs }: PostAnswer): Attempt {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  const asked = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (status >= 300 && status < 400) {
    return { kind: 'failed', problem: `answered ${status}: a redirect, which is not followed`, ...asked };
  }
  return {
    kind: REFUSALS.has(status) ? 'refused' : 'failed',
    problem: `answered ${status}`,
    ...asked,
  };
}
