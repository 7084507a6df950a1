/** Which writes concern the status and its copy. */
import { ANNOTATIONS } from '../../contract/names.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../kubernetes/resources.ts';
import type { Call } from './connection.ts';
import { COPY, STATUS } from './setup.ts';

export function termOf(object: ConfigMap | undefined): number {
  return Number(object?.metadata.annotations?.[ANNOTATIONS.term] ?? -1);
}

export const isStatus = (item: Pick<Call, 'resource' | 'key'>) => isConfigMap(item, STATUS);
export const isCopy = (item: Pick<Call, 'resource' | 'key'>) => isConfigMap(item, COPY);

function isConfigMap(
  { resource, key }: Pick<Call, 'resource' | 'key'>,
  { name, namespace }: typeof STATUS,
): boolean {
  return resource.plural === CONFIG_MAPS.plural && key.name === name && key.namespace === namespace;
}
