import { ignoreNotFound } from '../../kubernetes/errors.ts';
import { PODS } from '../../kubernetes/resources.ts';
import { isObjectName } from '../../runtime/object-names.ts';
import type { Permission } from '../../runtime/rights.ts';
import type { WatchPorts } from '../watch/reflect.ts';
import { placeOf } from './pod-place.ts';
import { isUnknown, type Observation, type Unknown, unknown } from './trigger.ts';

/** The pod that a source names as the primary. */
export interface NamedPod {
  readonly namespace: string;
  readonly pod: string;
  /** RFC 3339: when the source says that it became the primary. */
  readonly movedAt?: string;
}

const MAX_READS = 3;

/**
 * Where the pod runs that `read` names. The source is read before and after the pod: in between, another pod may have
 * become the primary, and one of the old name come back elsewhere. Taken together, such reads give a place that
 * never was. Throws KubeError.
 */
export async function locateNamedPod(
  { api }: Pick<WatchPorts, 'api'>,
  source: string,
  read: (abort: AbortSignal) => Promise<NamedPod | Unknown>,
  abort: AbortSignal,
): Promise<Observation> {
  let named = await read(abort);
  for (let reads = 0; reads < MAX_READS; reads += 1) {
    if (isUnknown(named)) return named;
    // As part of a path it could lead anywhere.
    if (!isObjectName(named.pod))
      return unknown('SourceInvalid', `${source} names a primary that is no pod’s name`);
    const observation = await locate(api, named, abort);
    const after = await read(abort);
    if (!isUnknown(after) && after.pod === named.pod && after.namespace === named.namespace) {
      return observation;
    }
    named = after;
  }
  return unknown('PrimaryPending', `${source} changes its primary again and again`);
}

/** What `locateNamedPod` has to be allowed to do. */
export function locatesPod(namespace: string, reason: string): Permission {
  return { namespace, group: '', resource: PODS.plural, verbs: ['get'], reason };
}

async function locate(
  api: WatchPorts['api'],
  { namespace, pod: name, movedAt }: NamedPod,
  abort: AbortSignal,
): Promise<Observation> {
  const pod = await api.get(PODS, { namespace, name }, { abort }).catch(ignoreNotFound);
  if (pod === undefined) return unknown('PodNotFound', `pod ${namespace}/${name} does not exist`);
  const place = placeOf(pod);
  return place.kind === 'located' && movedAt !== undefined ? { ...place, movedAt } : place;
}
