import { PROGRAM } from '../contract/names.ts';
import { EventRecorder, type EventRecorderOptions } from '../kubernetes/events.ts';
import { EVENT_REASONS } from './event-reasons.ts';
import type { EventSink } from './event-rules.ts';
import type { FencedConfigMap } from './fenced-config-map.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';

export interface EventPorts extends Pick<EventRecorderOptions, 'api' | 'clock' | 'random'> {
  readonly identity: string;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Records the Events of one follower, on its status ConfigMap. */
export function eventsOn(status: FencedConfigMap, ports: EventPorts): EventSink {
  const { api, clock, random, identity, log, metrics } = ports;
  const recorder = new EventRecorder({
    api,
    clock,
    random,
    reportingController: PROGRAM,
    reportingInstance: identity,
    onDropped(event, error) {
      metrics.eventsDropped.inc();
      log.warn({ reason: event.reason, err: error }, 'Event could not be written');
    },
  });
  return ({ reason, note }) => {
    const { type, action } = EVENT_REASONS[reason];
    recorder.record({ type, action, reason, note, regarding: status.reference });
  };
}
