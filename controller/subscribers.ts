import { transitionTo } from '../contract/history.ts';
import type { Clock } from '../runtime/clock.ts';
import { explain } from '../runtime/explain.ts';
import { type EventSink, eventsOf } from './events/event-rules.ts';
import type { ReconcileSubscriber } from './reconciler.ts';
import type { Report } from './report/report.ts';
import { SITES_SECTION } from './sites/site-nodes.ts';

/** Events are written after what moves the traffic. */
const EVENTS_AFTER_MS = 50;
/** A single reconcile fails when somebody else writes at the same time, or the server restarts. */
const LASTING_FAILURE = 3;

/** Remembers in the report what the next leader has to know: transitions, and the nodes of each site. */
export function recordHistory(report: Report): ReconcileSubscriber {
  return {
    onStatus({ before, after, movedAt }) {
      report.set(SITES_SECTION, after.sites);
      const isNew = before?.epoch !== after.epoch;
      const transition = transitionTo(after, report.history.at(-1), isNew ? movedAt : undefined);
      if (transition !== undefined) report.addTransition(transition);
    },
  };
}

/** Makes the Events of each change of the status. */
export function recordEvents(events: EventSink, clock: Clock): ReconcileSubscriber {
  return {
    onStatus({ before, after }) {
      clock.after(EVENTS_AFTER_MS, () => {
        for (const event of eventsOf(before, after)) events(event);
      });
    },
  };
}

/** Says that no status can be published, once that lasts. `onProblem` is called after each reconcile, with undefined when all is well. */
export function watchFailures(
  events: EventSink,
  onProblem: (problem: string | undefined) => void,
): ReconcileSubscriber {
  let failures = 0;
  return {
    onReconciled({ error }) {
      failures = error === undefined ? 0 : failures + 1;
      const problem = failures < LASTING_FAILURE ? undefined : `no status is published: ${explain(error)}`;
      onProblem(problem);
      if (problem !== undefined) events({ reason: 'StatusNotWritten', note: `${problem}. Retrying` });
    },
  };
}
