import { PROGRAM } from '../../contract/names.ts';
import type { Permission } from '../../runtime/rights.ts';
import type { DnsName } from '../zones.ts';

/** Name of the ConfigMap with the snapshots of a zone. */
export const snapshotsName = (zone: string): string => `${PROGRAM}-zone-${zone}`;

/** For each zone that a record may be in: the chart grants the same, and does not know the public suffixes. */
export function snapshotRights(own: string, records: readonly DnsName[]): readonly Permission[] {
  const zones = new Set(records.flatMap(({ name, zone }) => [zone, ...zonesAbove(name)]));
  return [...zones].map((zone) => ({
    namespace: own,
    group: '',
    resource: 'configmaps',
    name: snapshotsName(zone),
    verbs: ['get', 'update'],
    reason: 'Keeps what a DNS zone was before it was written.',
  }));
}

function zonesAbove(name: string): readonly string[] {
  const labels = name.split('.').filter((label) => label !== '*');
  return labels.slice(0, -1).map((_, from) => labels.slice(from).join('.'));
}
