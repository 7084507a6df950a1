import { LABELS } from '../../../contract/names.ts';
import { PODS, type Pod } from '../../../kubernetes/resources.ts';
import type { WatchPorts } from '../../watch/reflect.ts';
import { SharedReflector } from '../../watch/shared-reflector.ts';
import { type GatedPod, gatedPod } from './plan.ts';

/** Of all followers. */
export function gatedPods(ports: WatchPorts): SharedReflector<Pod, GatedPod> {
  const labelSelector = `${LABELS.gate}=condition`;
  return new SharedReflector(ports, { resource: PODS, labelSelector, transform: gatedPod });
}
