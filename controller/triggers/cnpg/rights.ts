import { BACKUPS, CLUSTERS } from '../../../cnpg/cluster.ts';
import type { Permission } from '../../../runtime/rights.ts';

/** In the namespace of the Cluster. */
export function cnpgRights(
  namespace: string,
  preferredPrimaryNode: string | undefined,
): readonly Permission[] {
  const { group } = CLUSTERS;
  const following: readonly Permission[] = [
    {
      namespace,
      group,
      resource: CLUSTERS.plural,
      verbs: ['get', 'list', 'watch'],
      reason: 'Reads which instance is the primary, and hears at once when that changes.',
    },
    {
      namespace,
      group: '',
      resource: 'pods',
      verbs: ['get', 'list', 'watch'],
      reason: 'Reads on which node the primary runs; pods move without the Cluster changing.',
    },
  ];
  if (preferredPrimaryNode === undefined) return following;
  return [
    ...following,
    {
      namespace,
      group,
      resource: `${CLUSTERS.plural}/status`,
      verbs: ['patch'],
      reason: 'Asks the operator to promote the instance on the preferred node.',
    },
    {
      namespace,
      group,
      resource: BACKUPS.plural,
      verbs: ['list'],
      reason: 'Waits for running backups before it has the primary moved.',
    },
  ];
}
