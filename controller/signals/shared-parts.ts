import { Slots } from '../../kubernetes/slots.ts';
import type { WatchPorts } from '../reflect.ts';
import { RoutedPods } from './follow-services/routed-pods.ts';
import { RoutedServices } from './follow-services/routed-services.ts';

/** What the signals of all followers have in common: each watch costs the API server every change that it shows. */
export interface SharedParts extends Pick<WatchPorts, 'writeSlots'> {
  readonly routedPods: RoutedPods;
  readonly routedServices: RoutedServices;
}

/**
 * At a move each of up to 16 followers has hundreds of objects to write. These leave connections to the Lease and to the status
 * of the others (kubernetes/connection.ts), and the API server does no more of them at once anyway.
 */
const WRITES = 48;

export function sharedParts(ports: WatchPorts, followers: readonly string[]): SharedParts {
  return {
    routedPods: new RoutedPods(ports, followers),
    routedServices: new RoutedServices(ports, followers),
    writeSlots: new Slots(WRITES),
  };
}
