import { HOLD_REASONS, holdReason } from '../../contract/reasons.ts';
import type { Status } from '../../contract/status.ts';
import type { EventReason } from '../event-reasons.ts';

export interface EventNote {
  readonly reason: EventReason;
  readonly note: string;
  /** Of the tenant whose object it is about: there may be thousands of those. */
  readonly namespace?: string;
}

/** Makes an Event; never fails and never waits. */
export type EventSink = (event: EventNote) => void;

/** The Kubernetes Events of a change of the status, for `kubectl describe`. */
export function eventsOf(before: Status | undefined, after: Status): EventNote[] {
  const events: EventNote[] = [];
  if (after.activeSite !== (before?.activeSite ?? '')) {
    const from = before?.activeSite ? `from ${before.activeSite} ` : '';
    const note = `The active site moved ${from}to ${after.activeSite}: ${after.primary} runs on ${after.activeNode} (epoch ${after.epoch})`;
    events.push({ reason: 'SiteChanged', note });
  }
  const code = holdReason(after);
  if (code !== undefined && code !== (before && holdReason(before))) {
    const kept = after.activeSite === '' ? 'no site is active yet' : `${after.activeSite} stays active`;
    const { event, action } = HOLD_REASONS[code];
    events.push({ reason: event, note: `${after.reason}; ${kept}. ${action}` });
  }
  if (before !== undefined && holdReason(before) !== undefined && after.phase === 'Settled') {
    events.push({
      reason: 'PrimaryFound',
      note: `${after.primary} runs on ${after.activeNode} in ${after.activeSite}`,
    });
  }
  return events;
}
