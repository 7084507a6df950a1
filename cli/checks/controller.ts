import { HOLD_REASONS } from '../../controller/reasons.ts';
import { leaderOf } from '../status/leader.ts';
import { ago } from '../text/time.ts';
import { type Check, type Finding, problem, warning } from './check.ts';
import type { World } from './world.ts';

export const CONTROLLER: Check = {
  name: 'controller',
  title: 'the controller leads and knows where the primary is',
  async find(world) {
    return { findings: [...(await leader(world)), ...world.followers.flatMap(standing)] };
  },
};

async function leader(world: World): Promise<Finding[]> {
  const lease = await world.lease();
  if (lease === undefined) return [];
  const now = world.clock.now();
  const { holder, renewedAt, alive } = leaderOf(lease, now);
  if (alive) return [];
  const about = `Lease ${world.namespace}/${lease.metadata.name}`;
  const text =
    holder === '' ? 'nobody holds it' : `${holder} holds it, but was last heard of ${ago(renewedAt, now)}`;
  return [
    problem(
      about,
      `${text}: no controller leads, and nothing follows the primary`,
      `Look at the controller’s pods: kubectl -n ${world.namespace} get pods -l app.kubernetes.io/component=controller`,
    ),
  ];
}

function standing({ namespace, configMap, status }: World['followers'][number]): Finding[] {
  const about = `ConfigMap ${namespace}/${configMap}`;
  if (status === undefined) {
    return [
      problem(
        about,
        'it cannot be read: somebody has edited it',
        'The controller puts it right within seconds while it runs.',
      ),
    ];
  }
  if (status.phase !== 'Held') return [];
  const code = status.reason.slice(0, status.reason.indexOf(':'));
  const known = Object.entries(HOLD_REASONS).find(([name]) => name === code)?.[1];
  return [warning(about, `the last site is held: ${status.reason}`, known?.action ?? 'See docs/reasons.md.')];
}
