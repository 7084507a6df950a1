import { ANNOTATIONS } from '../../contract/names.ts';
import type { Workload } from './shape.ts';

/** Kubernetes' own: what a Deployment has that says nothing. */
const DEFAULT_MAX_UNAVAILABLE = '25%';

/** Why the pods of a workload may wait for each other for ever, as those on a standby site never get ready. */
export function stallWarnings(kind: string, { spec }: Workload): string[] {
  const gate = spec.template.metadata?.annotations?.[ANNOTATIONS.gate];
  const replicas = spec.replicas ?? 1;
  if (gate === 'none' || replicas < 2) return [];
  if (kind === 'StatefulSet') return startWarnings(spec);
  return kind === 'Deployment' ? updateWarnings(spec, replicas) : [];
}

function startWarnings({ podManagementPolicy }: Workload['spec']): string[] {
  if ((podManagementPolicy ?? 'OrderedReady') !== 'OrderedReady') return [];
  return [
    `on a standby site pods stay unready and the next one waits for ever: set podManagementPolicy: Parallel, or the annotation ${ANNOTATIONS.gate}: none`,
  ];
}

/** Two sites that have as many pods each are the least: with more sites, or all pods in one, more of them stand by. */
function updateWarnings({ strategy }: Workload['spec'], replicas: number): string[] {
  if (strategy?.type === 'Recreate') return [];
  const allowed = strategy?.rollingUpdate?.maxUnavailable ?? DEFAULT_MAX_UNAVAILABLE;
  const pods = podsOf(allowed, replicas);
  if (Number.isNaN(pods) || pods >= Math.floor(replicas / 2)) return [];
  return [
    `on a standby site pods stay unready, and with maxUnavailable: ${allowed} (${pods} of ${replicas} pods) an update waits for them for ever: set strategy.rollingUpdate.maxUnavailable to as many as stand by, or the annotation ${ANNOTATIONS.gate}: none`,
  ];
}

/** A share is rounded down, as Kubernetes does. NaN: neither a number nor a share. */
function podsOf(maxUnavailable: number | string, replicas: number): number {
  const share = /^(\d+)%$/.exec(String(maxUnavailable))?.[1];
  return share === undefined ? Number(maxUnavailable) : Math.floor((Number(share) * replicas) / 100);
}
