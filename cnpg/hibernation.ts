import type { Cluster } from './cluster.ts';

/** Annotation and condition have the same name. Source: CloudNativePG, pkg/reconciler/hibernation. */
const HIBERNATION = 'cnpg.io/hibernation';

/** It is asked for, or done. Its pods may still run, as the operator waits until all is healthy. */
export function isHibernated({ metadata, status }: Cluster): boolean {
  const condition = status?.conditions?.find(({ type }) => type === HIBERNATION);
  return metadata.annotations?.[HIBERNATION] === 'on' || condition?.status === 'True';
}
