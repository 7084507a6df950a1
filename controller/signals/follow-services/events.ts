import { parseKey } from '../../../kubernetes/object-index.ts';
import type { EventNote } from '../../events/event-rules.ts';
import type { ServiceTransition } from './evaluate.ts';
import type { Goal } from './plan.ts';
import type { PodCounts } from './pods.ts';

/** What a person should know of a followed Service. */
export function routingEvent(
  service: string,
  what: ServiceTransition,
  podCounts: PodCounts,
  goal: Goal,
): EventNote {
  const { site } = goal;
  const { namespace } = parseKey(service);
  if (what === 'served') {
    const note = `Service ${service} has ready pods on the active site ${site}`;
    return { reason: 'ServiceServed', namespace, note };
  }
  const found = `the active site ${site} has no ready pod for Service ${service}, other sites have ${podCounts.elsewhere}`;
  return { reason: 'ServiceEmpty', namespace, note: `${found}: ${CONSEQUENCES[what]}` };
}

const CONSEQUENCES: Readonly<Record<Exclude<ServiceTransition, 'served'>, string>> = {
  waiting: 'the Service is not followed before it has, and routes as it did',
  empty:
    'the Service routes to nobody else; start pods on the active site, or let it route to any with the annotation site-follower/on-empty=any-site',
  'any-site': 'the Service routes to any site until the active one has a ready pod',
};
