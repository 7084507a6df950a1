import type { Goal, ServiceEvaluation } from './plan.ts';
import type { PodCounts } from './pods.ts';
import type { FollowedService } from './service.ts';

/** A {@link ServiceEvaluation} with what the next one needs. Times are monotonic milliseconds. */
export interface Evaluation extends ServiceEvaluation {
  readonly podCounts: PodCounts;
  /** Since when the active site has no ready pod while another one has; undefined: it has, or none has any. */
  readonly emptySince: number | undefined;
  /** It has been empty long enough to be reported, and the end has not been reported yet. */
  readonly isReported: boolean;
}

/** What happened to a Service from one evaluation to the next. */
export type ServiceTransition = 'waiting' | 'empty' | 'any-site' | 'served';

/** At a move the new pods may come a moment after the old ones have gone: that is not worth an Event. */
const REPORT_AFTER_MS = 2_000;

export function evaluate(
  service: FollowedService,
  podCounts: PodCounts,
  { epoch }: Goal,
  previous: Evaluation | undefined,
  now: number,
): Evaluation {
  const before = previous?.epoch === epoch ? previous : undefined;
  const wasOpened = service.anySite && service.epoch === epoch;
  // What was opened stays so until the active site has a ready pod, whatever becomes of the others meanwhile.
  const isOpen = before?.anySite === true || wasOpened;
  const isEmpty = podCounts.here === 0 && (podCounts.elsewhere > 0 || isOpen);
  // Another leader has waited for it.
  const since = wasOpened ? Number.NEGATIVE_INFINITY : now;
  const emptySince = isEmpty ? (before === undefined ? since : (before.emptySince ?? now)) : undefined;
  const lasted = emptySince === undefined ? -1 : now - emptySince;
  return {
    epoch,
    podCounts,
    labelled: podCounts.unlabelled === 0,
    empty: isEmpty,
    anySite: !holds(service) && lasted >= service.anySiteAfterMs,
    emptySince,
    isReported: lasted >= REPORT_AFTER_MS || (before?.isReported === true && podCounts.here === 0),
  };
}

export function transitions(
  service: FollowedService,
  previous: Evaluation | undefined,
  next: Evaluation,
): ServiceTransition[] {
  if (next.anySite) return previous?.anySite === true ? [] : ['any-site'];
  if (next.isReported && previous?.isReported !== true)
    return [service.site === undefined ? 'waiting' : 'empty'];
  const wasReported = previous?.isReported === true || previous?.anySite === true;
  return wasReported && next.podCounts.here > 0 ? ['served'] : [];
}

/** When to look again though nothing has changed; Infinity: never. */
export function dueAt(service: FollowedService, { emptySince, isReported, anySite }: Evaluation): number {
  if (emptySince === undefined) return Number.POSITIVE_INFINITY;
  const reportAt = isReported ? Number.POSITIVE_INFINITY : emptySince + REPORT_AFTER_MS;
  return anySite || holds(service) ? reportAt : Math.min(reportAt, emptySince + service.anySiteAfterMs);
}

/** However long it has been empty, so also where another leader had opened it and nobody knows since when. */
function holds({ anySiteAfterMs }: FollowedService): boolean {
  return anySiteAfterMs === Number.POSITIVE_INFINITY;
}
