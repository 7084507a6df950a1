import { ANNOTATIONS } from '../contract/names.ts';
import type { EventRecorder } from '../kubernetes/events.ts';
import type { KubeEvent } from '../kubernetes/resources.ts';
import type { Outcome } from './admission.ts';
import { EVENT_REASONS, type EventReason } from './event-reasons.ts';
import { isAsAsked } from './inject/decision.ts';
import type { Metrics } from './metrics.ts';
import type { Judged } from './review.ts';
import type { Owner } from './subject.ts';

/** Records Events of reviews, which any client of the webhook can make up. */
export interface EventSink extends Pick<EventRecorder, 'record'> {
  /** Whether the webhook serves the namespace, and its budget of Events is not used up. */
  readonly mayTell: (namespace: string) => boolean;
}

/**
 * Counts the outcome of a review, and records an Event on the controller of the pod, where users look for the reason: the
 * pod does not exist yet, and never will if it is refused. Who creates a pod by hand reads the warning.
 */
export function reportOutcome(
  { outcome, subject, dryRun }: Judged,
  metrics: Metrics,
  events: EventSink,
): void {
  metrics.reviews.inc({ kind: subject?.kind ?? 'other', outcome: outcome.action });
  if (outcome.action === 'skipped') metrics.skips.inc({ reason: outcome.reason });
  const event = eventOf(outcome);
  if (dryRun || event === undefined || subject?.owner === undefined) return;
  if (!events.mayTell(subject.namespace)) metrics.eventsDropped.inc();
  else recordEvent(events, event.reason, event.note, ownerReference(subject.owner, subject.namespace));
}

export function recordEvent(
  events: Pick<EventRecorder, 'record'>,
  reason: EventReason,
  note: string,
  regarding: KubeEvent['regarding'],
): void {
  const { type, action } = EVENT_REASONS[reason];
  events.record({ type, action, reason, note, regarding });
}

export function ownerReference(
  { apiVersion, kind, name, uid }: Owner,
  namespace: string,
): KubeEvent['regarding'] {
  return { apiVersion, kind, namespace, name, uid };
}

/** No note has a text of the pod, as its author could write anything in the name of this program. */
function eventOf(outcome: Outcome): { readonly reason: EventReason; readonly note: string } | undefined {
  switch (outcome.action) {
    case 'injected':
      return outcome.fits
        ? { reason: 'Injected', note: 'A new pod has got the sidecar' }
        : { reason: 'InjectionDenied', note: MISFIT };
    case 'skipped':
      if (isAsAsked(outcome.reason)) return undefined;
      return { reason: 'InjectionSkipped', note: `A new pod has no sidecar: ${outcome.message}` };
    case 'denied':
      return { reason: 'InjectionDenied', note: deniedNote(outcome.message) };
    case 'carried':
    case 'taken-back':
    case 'routed':
    case 'kept':
    case 'restored':
    case 'none':
      return undefined;
  }
}

const MISFIT =
  'A new pod has got the sidecar, and a LimitRange of its namespace refuses it for that. `kubectl site-follower check` names the annotation that fits';

function deniedNote(message: string): string {
  const named = [...new Set(Object.values(ANNOTATIONS))].filter((name) => message.includes(name));
  const about = named.length === 0 ? '' : `; it is about ${named.join(', ')}`;
  return `A pod was refused, because the sidecar cannot be injected as it asks for it${about}. Its controller says more in its own Event, such as FailedCreate`;
}
