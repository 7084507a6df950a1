import { parseKey } from '../../../kubernetes/object-index.ts';
import type { FollowerConfig } from '../../config.ts';
import type { EventSink } from '../../events/event-rules.ts';
import type { Logger } from '../../log.ts';
import type { Metrics } from '../../metrics.ts';
import { TenantLog } from '../../tenant-log.ts';
import type { WatchPorts } from '../../watch/reflect.ts';
import type { SharedParts } from '../shared-parts.ts';
import type { Signal } from '../signal.ts';
import { routingEvent } from './events.ts';
import { FollowServices } from './index.ts';

interface Ports extends WatchPorts, SharedParts {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly events: EventSink;
}

/** The signal as it is wired to log, metrics and Events; none where the configuration does not ask for it. */
export function followServices(
  { name: follower, routing }: Pick<FollowerConfig, 'name' | 'routing'>,
  ports: Ports,
): readonly Signal[] {
  if (!routing.followServices) return [];
  const { events, metrics } = ports;
  const log = new TenantLog(ports.log, ports.clock);
  const signal = new FollowServices({
    ports,
    watchedServices: ports.routedServices,
    pods: ports.routedPods,
    follower,
    observer: {
      onTransition: (service, what, podCounts, goal) => events(routingEvent(service, what, podCounts, goal)),
      onCount(counts) {
        for (const [state, count] of Object.entries(counts)) {
          metrics.followedServices.set({ follower, state }, count);
        }
      },
      onRefused: (service, why) =>
        events({
          reason: 'ServiceRefused',
          namespace: parseKey(service).namespace,
          note: `Service ${service} does not follow, as it is one ${why}`,
        }),
      onFailure(kind, object, err) {
        metrics.routingFailures.inc({ follower, kind });
        log.warn(object, { follower, kind, object, err }, 'Service or pod could not be written, retrying');
      },
    },
  });
  return [signal];
}
