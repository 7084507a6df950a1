import { isImplausible, type Transition } from '../../contract/history.ts';
import type { Status } from '../../contract/status.ts';
import type { Clock } from '../../runtime/clock.ts';

/** Long enough for a replica to lead and to observe: what has been published as settled for longer has been observed. */
const BELIEVED_AFTER_MS = 30_000;

/**
 * The latest epoch that this process has seen published, by itself or by another leader. It outlives leaderships: when
 * etcd is restored to an older copy, status and report are of an epoch that readers have left behind, and they would not
 * believe a later one that is below theirs.
 */
export class LastPublished {
  readonly #clock: Pick<Clock, 'elapsed'>;
  #status: Status | undefined;
  /** Since when a leader who does not know of this epoch has found the primary; monotonic. */
  #settledBelowSince: number | undefined;
  #isOutdated = false;

  constructor(clock: Pick<Clock, 'elapsed'>) {
    this.#clock = clock;
  }

  get epoch(): number {
    return this.#status?.epoch ?? 0;
  }

  /** Undefined also when somebody else has found the primary since then, in an epoch below: that place is newer. */
  get status(): Status | undefined {
    return this.#isOutdated || this.#hasSettledBelow() ? undefined : this.#status;
  }

  note(status: Status | undefined): void {
    if (status === undefined || isImplausible(status.epoch)) return;
    if (status.epoch < this.epoch) {
      this.#noteBelow(status);
      return;
    }
    this.#settledBelowSince = undefined;
    this.#isOutdated = false;
    // An epoch belongs to the first site that it was seen with.
    if (status.epoch > this.epoch || status.activeSite === this.#status?.activeSite) this.#status = status;
  }

  #noteBelow({ phase }: Status): void {
    this.#isOutdated ||= this.#hasSettledBelow();
    this.#settledBelowSince =
      phase === 'Settled' ? (this.#settledBelowSince ?? this.#clock.elapsed()) : undefined;
  }

  #hasSettledBelow(): boolean {
    const since = this.#settledBelowSince;
    return since !== undefined && this.#clock.elapsed() - since >= BELIEVED_AFTER_MS;
  }
}

/** The site that was seen published after `transition`. */
export function siteAfter(transition: Transition | undefined, seen: Status | undefined): string | undefined {
  return seen !== undefined && seen.epoch > (transition?.epoch ?? 0) ? seen.activeSite : undefined;
}

/** What was known last: the transition that the report remembers, or what this process has seen, if that is later. */
export function lastKnown(
  transition: Transition | undefined,
  seen: Status | undefined,
): Transition | undefined {
  if (seen === undefined || siteAfter(transition, seen) === undefined) return transition;
  const { epoch, activeSite: to, activeNode: node, primary, since: writtenAt } = seen;
  return { epoch, from: transition?.to ?? '', to, node, primary, movedAt: '', writtenAt };
}
