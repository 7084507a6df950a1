import { hasEnded } from '../../kubernetes/ready.ts';
import type { Pod } from '../../kubernetes/resources.ts';
import { type Observation, unknown } from './trigger.ts';

/** Where the pod runs that was found to be the primary, and whether it will stay there. */
export function placeOf(pod: Pod): Observation {
  const { metadata, spec, status = {} } = pod;
  const what = `${metadata.namespace}/${metadata.name}`;
  if (hasEnded(pod)) {
    const { phase = '', reason = '' } = status;
    return unknown('PodEnded', `pod ${what} has ended: ${phase}${reason && ` (${reason})`}`);
  }
  const node = spec?.nodeName ?? '';
  if (node === '') return unknown('PodWithoutNode', `pod ${what} has no node`);
  const leaving = metadata.deletionTimestamp !== undefined;
  const movingTo = `the pod after ${what}, which is being deleted`;
  return { kind: 'located', primary: metadata.name, node, ...(leaving && { movingTo }) };
}
