import type { Leadership } from '../kubernetes/leadership.ts';
import type { Clock } from '../runtime/clock.ts';
import type { ReconcileSubscriber } from './reconciler.ts';
import type { FencedConfigMap } from './status/fenced-config-map.ts';

/** Calls that a move may need at once, beside those of a reconcile. */
const CONNECTIONS = 12;
/** Of all followers that are about to move at once: with more, the handshakes would be what takes the time. */
const MOST = 36;
/** They stay open for longer; a service that is about to move again and again costs no more of them. */
const OPEN_FOR_MS = 10_000;

/** How many connections all followers of this process together open ahead of a move. */
export class ConnectionBudget {
  readonly #clock: Pick<Clock, 'elapsed'>;
  #since = Number.NEGATIVE_INFINITY;
  #opened = 0;

  constructor(clock: Pick<Clock, 'elapsed'>) {
    this.#clock = clock;
  }

  /** How many a follower that is about to move opens. */
  take(): number {
    const now = this.#clock.elapsed();
    if (now - this.#since >= OPEN_FOR_MS) {
      this.#since = now;
      this.#opened = 0;
    }
    const count = Math.min(CONNECTIONS, MOST - this.#opened);
    this.#opened += count;
    return count;
  }
}

/**
 * When the service is about to move, many calls are made at once a moment later. Each needs a connection of its own, and
 * a TLS handshake takes as long as a call: so they are opened ahead, by reads of what may be read anyway.
 */
export function warmConnections(
  budget: ConnectionBudget,
  status: FencedConfigMap,
  clock: Clock,
  { abort }: Leadership,
): ReconcileSubscriber {
  let isMoving = false;
  let openedAt = Number.NEGATIVE_INFINITY;
  return {
    onReconciled({ resolved }) {
      const beginsToMove = !isMoving && resolved.movingTo !== undefined;
      isMoving = resolved.movingTo !== undefined;
      if (!beginsToMove || clock.elapsed() - openedAt < OPEN_FOR_MS) return;
      openedAt = clock.elapsed();
      const missing = budget.take();
      for (let count = 0; count < missing; count += 1) {
        // Problems of the API server are reported by the calls that need an answer.
        status.read(abort).catch(() => undefined);
      }
    },
  };
}
