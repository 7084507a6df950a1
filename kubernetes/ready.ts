import type { KubeObject } from './api.ts';
import type { Condition } from './resources.ts';

/** A pod or a node, as far as its readiness goes. */
interface Readiness {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

export function readyCondition({ status }: Readiness): Condition | undefined {
  return status?.conditions?.find(({ type }) => type === 'Ready');
}

export function isReady(object: Readiness): boolean {
  return readyCondition(object)?.status === 'True';
}

/** Its containers have ended and do not start again; an evicted pod has failed. */
export function hasEnded({ status }: { readonly status?: { readonly phase?: string } }): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** As the EndpointSlice controller counts it: a pod that is being deleted is not ready any more. */
export function isReadyAndStays(object: Readiness & Pick<KubeObject, 'metadata'>): boolean {
  return isReady(object) && object.metadata.deletionTimestamp === undefined;
}
