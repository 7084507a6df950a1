import { PROGRAM } from '../../contract/names.ts';
import { KubeError } from '../../kubernetes/errors.ts';
import { EventRecorder, type EventRecorderOptions } from '../../kubernetes/events.ts';
import { NamespaceBudget } from '../../kubernetes/namespace-budget.ts';
import { EVENT_REASONS } from '../event-reasons.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { FencedConfigMap } from '../status/fenced-config-map.ts';
import type { EventNote, EventSink } from './event-rules.ts';

export interface EventPorts extends Pick<EventRecorderOptions, 'api' | 'clock' | 'random'> {
  readonly identity: string;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Records the Events of one follower, on its status ConfigMap. */
export function eventsOn(status: Pick<FencedConfigMap, 'reference'>, ports: EventPorts): EventSink {
  const { api, clock, random, identity, log, metrics } = ports;
  const record = () => {
    const recorder = new EventRecorder({
      api,
      clock,
      random,
      reportingController: PROGRAM,
      reportingInstance: identity,
      onDropped(event, err) {
        metrics.eventsDropped.inc();
        // In a burst the queue is full: then a line for each would only be more of the burst.
        if (err instanceof KubeError) log.warn({ reason: event.reason, err }, 'Event could not be written');
      },
    });
    return ({ reason, note }: EventNote) => {
      const { type, action } = EVENT_REASONS[reason];
      recorder.record({ type, action, reason, note, regarding: status.reference });
    };
  };
  // What a tenant's objects cause has a queue of its own: the news of the follower wait behind nobody's.
  const [recordOwn, recordTenants] = [record(), record()];
  const budget = new NamespaceBudget(clock);
  return (event) => {
    const { namespace, reason } = event;
    if (namespace === undefined) recordOwn(event);
    else if (budget.take(namespace)) recordTenants(event);
    else {
      metrics.eventsDropped.inc();
      const note = `Namespace ${namespace}: there is more of this than is told one by one`;
      recordTenants({ reason, note });
    }
  };
}
