import type { Pod } from '../../kubernetes/resources.ts';
import { Slots } from '../../kubernetes/slots.ts';
import type { WatchPorts } from '../watch/reflect.ts';
import type { SharedReflector } from '../watch/shared-reflector.ts';
import { RoutedPods } from './follow-services/routed-pods.ts';
import { RoutedServices } from './follow-services/routed-services.ts';
import { gatedPods } from './pod-conditions/gated-pods.ts';
import type { GatedPod } from './pod-conditions/plan.ts';
import { askingNamespaces, type CopyNamespaces, namespacesOfPods } from './status-copies/namespaces.ts';

/** What the signals of all followers have in common: each watch costs the API server every change that it shows. */
export interface SharedParts extends CopyNamespaces, Pick<WatchPorts, 'writeSlots'> {
  readonly routedPods: RoutedPods;
  readonly routedServices: RoutedServices;
  readonly gatedPods: SharedReflector<Pod, GatedPod>;
}

/**
 * At a move each of up to 16 followers has hundreds of objects to write. The API server does no more of them at once anyway, each
 * more would need a connection of its own, whose handshake costs more than the call, and the Lease and the statuses of the others
 * have connections left (kubernetes/connection.ts).
 */
const WRITES = 48;

export function sharedParts(ports: WatchPorts, followers: readonly string[]): SharedParts {
  return {
    routedPods: new RoutedPods(ports, followers),
    routedServices: new RoutedServices(ports, followers),
    askingNamespaces: askingNamespaces(ports),
    namespacesOfPods: namespacesOfPods(ports),
    gatedPods: gatedPods(ports),
    writeSlots: new Slots(WRITES),
  };
}
