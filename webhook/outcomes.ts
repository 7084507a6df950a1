import type { EventRecorder } from '../kubernetes/events.ts';
import type { KubeEvent } from '../kubernetes/resources.ts';
import type { Admission, Outcome, Owner, Subject } from './admission.ts';
import { EVENT_REASONS, type EventReason } from './event-reasons.ts';
import type { SkipReason } from './inject/decision.ts';
import type { Metrics } from './metrics.ts';

/** Skips that nobody needs to be told of: they are what was asked for, or nothing new. */
const QUIET: readonly SkipReason[] = ['not-asked', 'disabled', 'already-injected'];

/** Counts what came of a review, and tells it in an Event where somebody may look for the reason. */
export function reportOutcome(
  admission: Extract<Admission, { kind: 'answered' }>,
  metrics: Metrics,
  events: Pick<EventRecorder, 'record'>,
): void {
  const { outcome, subject, dryRun } = admission;
  metrics.reviews.inc({ kind: subject?.kind ?? 'other', outcome: outcome.action });
  if (outcome.action === 'skipped') metrics.skips.inc({ reason: outcome.reason });
  const event = eventOf(outcome);
  if (dryRun || event === undefined || subject === undefined) return;
  const regarding = regardingOf(subject);
  if (regarding !== undefined) recordEvent(events, event.reason, event.note, regarding);
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

/** The owner, as a pod that is not there yet has no page of its own that people look at. */
function regardingOf({
  apiVersion,
  kind,
  namespace,
  name,
  uid,
  owner,
}: Subject): KubeEvent['regarding'] | undefined {
  if (owner !== undefined) return ownerReference(owner, namespace);
  // The beginning of a name that is still to be made ends so.
  if (name === '' || name.endsWith('-')) return undefined;
  return { apiVersion, kind, namespace, name, ...(uid !== undefined && { uid }) };
}

export function ownerReference(
  { apiVersion, kind, name, uid }: Pick<Owner, 'apiVersion' | 'kind' | 'name' | 'uid'>,
  namespace: string,
): KubeEvent['regarding'] {
  return { apiVersion, kind, namespace, name, uid };
}

function eventOf(outcome: Outcome): { readonly reason: EventReason; readonly note: string } | undefined {
  switch (outcome.action) {
    case 'injected':
      return { reason: 'Injected', note: 'A new pod has got the sidecar' };
    case 'skipped':
      if (QUIET.includes(outcome.reason)) return undefined;
      return { reason: 'InjectionSkipped', note: `A new pod has no sidecar: ${outcome.message}` };
    case 'denied':
      return { reason: 'InjectionDenied', note: outcome.message };
    case 'carried':
    case 'taken-back':
    case 'routed':
    case 'kept':
    case 'restored':
    case 'none':
      return undefined;
  }
}
