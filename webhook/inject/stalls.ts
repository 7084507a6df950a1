import { ANNOTATIONS } from '../../contract/names.ts';
import { shown } from '../../kubernetes/cut.ts';
import type { Workload } from './shape.ts';

/** Kubernetes' own: what a Deployment has that says nothing, of `maxUnavailable` and `maxSurge` alike. */
export const DEFAULT_SHARE = '25%';

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
  const allowed = strategy?.rollingUpdate?.maxUnavailable ?? DEFAULT_SHARE;
  const pods = podsOf(allowed, replicas, Math.floor);
  if (Number.isNaN(pods) || pods >= Math.floor(replicas / 2)) return [];
  return [
    `on a standby site pods stay unready, and with maxUnavailable: ${shown(String(allowed))} (${pods} of ${replicas} pods) an update waits for them for ever: set strategy.rollingUpdate.maxUnavailable to as many as stand by, or the annotation ${ANNOTATIONS.gate}: none`,
  ];
}

/**
 * How many pods a number or a share of them is. Kubernetes rounds a share of `maxUnavailable` down, and one of `maxSurge`
 * up. NaN: neither a number nor a share.
 */
export function podsOf(allowed: number | string, replicas: number, round: (pods: number) => number): number {
  const share = /^(\d+)%$/.exec(String(allowed))?.[1];
  return share === undefined ? Number(allowed) : round((Number(share) * replicas) / 100);
}
