import type { SidecarResources } from '../injector-config.ts';
import { readQuantity } from './quantity.ts';
import { type Container, containersOf, type Pod } from './shape.ts';

const NONE: SidecarResources = {
  cpuRequest: undefined,
  cpuLimit: undefined,
  memoryRequest: undefined,
  memoryLimit: undefined,
};

/** The sidecar’s resources where the pod has no annotations for them. */
export function defaultResources({ spec }: Pod, configured: SidecarResources): SidecarResources {
  // The sidecar shares resources of the pod as a whole: the containers together must not have more than those.
  return spec.resources === null || spec.resources === undefined ? configured : NONE;
}

/** In the form of a container; undefined when there are none. */
export function containerResources({ cpuRequest, cpuLimit, memoryRequest, memoryLimit }: SidecarResources) {
  const requests = stated({ cpu: cpuRequest, memory: memoryRequest });
  const limits = stated({ cpu: cpuLimit, memory: memoryLimit });
  if (requests === undefined && limits === undefined) return undefined;
  return { ...(requests && { requests }), ...(limits && { limits }) };
}

function stated(
  quantities: Readonly<Record<string, string | undefined>>,
): Record<string, string> | undefined {
  const entries = Object.entries(quantities).flatMap(([name, quantity]): [string, string][] =>
    quantity === undefined ? [] : [[name, quantity]],
  );
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Whether the sidecar turns a pod of QoS class Guaranteed into a Burstable one. */
export function endsGuaranteed(pod: Pod, sidecar: SidecarResources): boolean {
  if (pod.spec.resources !== null && pod.spec.resources !== undefined) return false;
  const containers = containersOf(pod);
  return (
    containers.length > 0 &&
    containers.every(isGuaranteed) &&
    !isGuaranteed({ resources: containerResources(sidecar) })
  );
}

function isGuaranteed({ resources }: Container): boolean {
  return ['cpu', 'memory'].every((name) => {
    const limit = resources?.limits?.[name];
    const request = resources?.requests?.[name] ?? limit;
    return limit !== undefined && readQuantity(String(request)) === readQuantity(String(limit));
  });
}
