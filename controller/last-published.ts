import { isImplausible, type Transition } from '../contract/history.ts';
import type { Status } from '../contract/status.ts';

/**
 * The latest epoch that this process has seen published, by itself or by another leader. It outlives leaderships: when
 * etcd is put back to an older copy, status and report are of an epoch that readers have left behind, and they would not
 * believe a later one that is below theirs.
 */
export class LastPublished {
  #status: Status | undefined;

  get status(): Status | undefined {
    return this.#status;
  }

  note(status: Status | undefined): void {
    if (status === undefined || isImplausible(status.epoch)) return;
    // An epoch belongs to the first site that it was seen with.
    if (status.epoch > (this.#status?.epoch ?? 0)) this.#status = status;
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
