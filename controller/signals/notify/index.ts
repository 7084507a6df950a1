import type { Leadership } from '../../../kubernetes/leadership.ts';
import { decodeLedger, type Ledger, plan } from '../../../notify/ledger.ts';
import type { Post } from '../../../notify/post.ts';
import { Sender } from '../../../notify/sender.ts';
import type { NotifyTarget } from '../../../notify/target.ts';
import type { Clock, Random } from '../../../runtime/clock.ts';
import { KnownSince } from '../../../runtime/known-since.ts';
import type { FollowerConfig } from '../../config.ts';
import type { SignalPorts } from '../ports.ts';
import type { PublishedStatus, Signal } from '../signal.ts';

export interface NotifyOptions {
  readonly follower: string;
  /** A URI reference: the sender. Unique to this follower of this installation. */
  readonly source: string;
  /** At least one, with different names. */
  readonly targets: readonly NotifyTarget[];
  readonly clock: Clock;
  readonly random: Random;
  readonly post: Post;
  readonly report: Pick<SignalPorts['report'], 'history' | 'get' | 'set'>;
  readonly observer: NotifyObserver;
}

/** Called for each outcome; for Events, metrics and log. */
export interface NotifyObserver {
  onOutcome(target: string, outcome: 'delivered' | 'failed' | 'given up', problem: string): void;
  /** After each change of the queue. */
  onQueue(target: string, waiting: number, dropped: number): void;
}

const SECTION = 'notify';

/**
 * Tells people, at least once: what is queued and what was delivered stands in the report, so that the next leader
 * goes on where this one ended. `apply` queues, and fails while a target cannot be reached.
 */
export class NotifySignal implements Signal {
  readonly name = 'notify';
  /** Also how precisely the minute is kept after which a hold is notified. */
  readonly resyncMs = 10_000;
  readonly #options: NotifyOptions;
  readonly #senders: readonly Sender[];
  readonly #holds: KnownSince;
  #ledger: Ledger;
  #leadership: Leadership | undefined;
  #enqueue: () => void = () => undefined;

  constructor(options: NotifyOptions) {
    this.#options = options;
    this.#ledger = decodeLedger(options.report.get(SECTION));
    const { clock, random, post, source, observer } = options;
    this.#holds = new KnownSince(clock);
    this.#senders = options.targets.map((target) => {
      const { name } = target;
      return new Sender(target, {
        clock,
        random,
        post,
        source,
        maySend: () => this.#leadership?.isLeader() ?? false,
        read: () => this.#ledger.targets[name],
        write: (entry) =>
          this.#keep({ ...this.#ledger, targets: { ...this.#ledger.targets, [name]: entry } }),
        onOutcome: (outcome, problem) => {
          observer.onOutcome(name, outcome, problem);
          this.#enqueue();
        },
      });
    });
  }

  apply({ status }: PublishedStatus, leadership: Leadership): Promise<void> {
    this.#leadership = leadership;
    if (status.activeSite !== '') {
      const { follower, source, targets, clock, report } = this.#options;
      const names = targets.map(({ name }) => name);
      const { history } = report;
      const heldMs = this.#holds.ms(this.#ledger.hold?.since ?? '');
      const now = clock.now();
      this.#keep(plan(this.#ledger, { follower, source, status, history, targets: names, now, heldMs }));
      this.#holds.keep(this.#ledger.hold === undefined ? [] : [this.#ledger.hold.since]);
    }
    for (const sender of this.#senders) sender.wake();
    const problems = Object.entries(this.#ledger.targets).flatMap(([name, { waiting }]) =>
      waiting[0]?.problem === undefined ? [] : [`${name}: ${waiting[0].problem}, ${waiting.length} waiting`],
    );
    return problems.length === 0 ? Promise.resolve() : Promise.reject(new Error(problems.join('; ')));
  }

  async watch(enqueue: () => void, abort: AbortSignal): Promise<void> {
    this.#enqueue = enqueue;
    await Promise.all(this.#senders.map((sender) => sender.run(abort)));
  }

  #keep(ledger: Ledger): void {
    if (ledger === this.#ledger) return;
    this.#ledger = ledger;
    this.#options.report.set(SECTION, ledger);
    for (const [name, { waiting, dropped }] of Object.entries(ledger.targets)) {
      this.#options.observer.onQueue(name, waiting.length, dropped);
    }
  }
}

export function notify(
  { name: follower, notify: targets }: FollowerConfig,
  ports: SignalPorts,
): readonly Signal[] {
  if (targets.length === 0) return [];
  const { clock, random, post, report, metrics, events, statusMap } = ports;
  const failing = new Set<string>();
  const signal = new NotifySignal({
    follower,
    targets,
    clock,
    random,
    post,
    report,
    source: `/kube-site-follower/${statusMap.namespace}/${follower}`,
    observer: {
      onOutcome: (target, outcome, problem) => {
        metrics.notifications.inc({ follower, target, outcome: outcome.replace(' ', '-') });
        if (outcome === 'delivered') failing.delete(target);
        else if (outcome === 'given up')
          events({ reason: 'NotificationGivenUp', note: `Target ${target}: ${problem}` });
        else if (!failing.has(target)) {
          // One Event when it begins to fail; each attempt is in the log and the metrics.
          failing.add(target);
          events({ reason: 'NotificationFailed', note: `Target ${target}: ${problem}. Retrying` });
        }
      },
      onQueue: (target, waiting, dropped) => {
        metrics.notificationsWaiting.set({ follower, target }, waiting);
        metrics.notificationsDropped.set({ follower, target }, dropped);
      },
    },
  });
  return [signal];
}
