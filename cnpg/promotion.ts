import { PROGRAM } from '../contract/names.ts';
import type { Backup, Cluster } from './cluster.ts';

/**
 * What asks the operator to promote `target`: a merge patch of the status subresource, as `kubectl cnpg promote` sends
 * it. It fails where anybody has changed the Cluster since it was read. `now` is RFC 3339 with milliseconds.
 */
export function promotionPatch({ metadata }: Cluster, target: string, now: string): object {
  return {
    metadata: { resourceVersion: metadata.resourceVersion },
    status: {
      targetPrimary: target,
      targetPrimaryTimestamp: now.replace(/Z$/, '000Z'), // The operator writes microseconds.
      phase: 'Switchover in progress',
      phaseReason: `Switching over to ${target}`,
    },
  };
}

/** Whether this very patch was stored: sent twice, the second one is answered by a conflict. */
export function isPromoted({ status = {} }: Cluster, target: string, now: string): boolean {
  const at = Date.parse(status.targetPrimaryTimestamp ?? '');
  return status.targetPrimary === target && at === Date.parse(now);
}

/**
 * What makes the operator look at its instances again: a merge patch of the status subresource. A replica tells of a
 * new timeline some minutes after a failover, with its next restart point. By then a quiet Cluster gives the operator no
 * reason to look, and what it last wrote would stand for hours. Any change makes it look; it overwrites this one then.
 */
export function reconcileRequestPatch({ metadata }: Cluster, now: string) {
  return {
    metadata: { resourceVersion: metadata.resourceVersion },
    status: { phaseReason: `Looking at the instances again, asked by ${PROGRAM} at ${now}` },
  };
}

/** Names of those of the Cluster that have not ended: a switchover would end them. */
export function runningBackupsOf(backups: readonly Backup[], clusterName: string): string[] {
  return backups
    .filter(({ spec, status }) => spec?.cluster?.name === clusterName && isRunning(status?.phase))
    .map(({ metadata }) => metadata.name);
}

/** Source: the operator's BackupPhase constants; anything but an end counts as running. */
function isRunning(phase = ''): boolean {
  return !['completed', 'failed'].includes(phase);
}
