import { ANNOTATIONS } from '../../contract/names.ts';
import { SIDECAR_CONTAINER } from '../../contract/sidecar.ts';
import { shown } from '../../kubernetes/cut.ts';
import { STATUS_VOLUME, TOKEN_VOLUME } from './container.ts';
import type { Settings } from './settings.ts';
import { type Container, containersOf, type Pod } from './shape.ts';

/** Also used by the policies. */
export const CONFLICTS = {
  container: `a container is named "${SIDECAR_CONTAINER}", as the sidecar has to be; rename it`,
  volume: (name: string) => `a volume is named "${name}", as one of the sidecar has to be; rename it`,
  port: (port: string, container: string, annotation: string) =>
    `port ${port} is used by container "${container}"; give the sidecar another one with the annotation ${annotation}`,
} as const;

/** What in the pod conflicts with the sidecar, each with what to do about it. */
export function findConflicts(pod: Pod, settings: Settings): string[] {
  const containers = containersOf(pod);
  return [
    ...containers.filter(({ name }) => name === SIDECAR_CONTAINER).map(() => CONFLICTS.container),
    ...[TOKEN_VOLUME, STATUS_VOLUME]
      .filter((volume) => pod.spec.volumes?.some(({ name }) => name === volume))
      .map(CONFLICTS.volume),
    ...portConflicts(containers, settings.port, ANNOTATIONS.port),
    ...portConflicts(containers, settings.probePort, ANNOTATIONS.probePort),
  ];
}

function portConflicts(containers: readonly Container[], port: number, annotation: string): string[] {
  const holder = containers.find(({ ports }) =>
    ports?.some(({ containerPort, protocol }) => containerPort === port && (protocol ?? 'TCP') === 'TCP'),
  );
  if (holder === undefined) return [];
  return [CONFLICTS.port(String(port), shown(holder.name ?? ''), annotation)];
}
