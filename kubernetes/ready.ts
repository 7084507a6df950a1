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

/** As the EndpointSlice controller sees it: what is being deleted is on its way out, however ready it is. */
export function isReadyAndStays(object: Readiness & Pick<KubeObject, 'metadata'>): boolean {
  return isReady(object) && object.metadata.deletionTimestamp === undefined;
}
