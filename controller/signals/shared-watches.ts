import type { WatchPorts } from '../reflect.ts';
import { RoutedPods } from './follow-services/routed-pods.ts';
import { RoutedServices } from './follow-services/routed-services.ts';

/** What the signals of all followers have in common: each watch costs the API server every change that it shows. */
export interface SharedWatches {
  readonly routedPods: RoutedPods;
  readonly routedServices: RoutedServices;
}

export function sharedWatches(ports: WatchPorts, followers: readonly string[]): SharedWatches {
  return {
    routedPods: new RoutedPods(ports, followers),
    routedServices: new RoutedServices(ports, followers),
  };
}
