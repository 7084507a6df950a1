import { HOLD_REASONS, holdReason } from '../../contract/reasons.ts';
import { COMPONENT } from '../cluster/chart.ts';
import { POD_DETAILS } from '../cluster/pod-details.ts';
import { isOver } from '../cluster/pods.ts';
import { watchedLeaderOf } from '../status/leader.ts';
import { ago } from '../text/time.ts';
import { type Check, type Finding, problem, titleOf, warning } from './check.ts';
import type { World } from './world.ts';

const CONTROLLER_PODS = `${COMPONENT}=controller`;

export const CONTROLLER: Check = {
  name: 'controller',
  title: 'the controller leads and knows where the primary is',
  async find(world) {
    return { findings: [...(await leader(world)), ...world.followers.flatMap(onHold)] };
  },
};

async function leader(world: World): Promise<Finding[]> {
  const lease = await world.lease();
  if (lease === undefined) return withoutLease(world);
  const now = world.clock.now();
  const { holder, renewedAt, alive } = await watchedLeaderOf(
    lease,
    () => world.lease(),
    world.clock,
    world.abort,
  );
  if (alive) return [];
  const text =
    holder === '' ? 'it has no holder' : `${holder} holds it, but was last heard of ${ago(renewedAt, now)}`;
  return [
    problem(
      titleOf('Lease', lease),
      `${text}: no controller leads, and nothing follows the primary`,
      `Look at the controller’s pods: kubectl -n ${world.namespace} get pods -l ${CONTROLLER_PODS}`,
    ),
  ];
}

/** Without leader election there is no Lease, but a pod. */
async function withoutLease(world: World): Promise<Finding[]> {
  const { namespace } = world;
  const pods = await world.list(POD_DETAILS, { namespace, labelSelector: CONTROLLER_PODS });
  if (pods.some((pod) => !isOver(pod))) return [];
  return [
    problem(
      `Namespace ${namespace}`,
      'there is neither a Lease nor a pod of a controller: nothing follows the primary',
      `Install the chart, or see why there is no pod: kubectl -n ${namespace} describe deployments -l ${CONTROLLER_PODS}`,
    ),
  ];
}

function onHold({ namespace, configMap, status }: World['followers'][number]): Finding[] {
  const about = `ConfigMap ${namespace}/${configMap}`;
  if (status === undefined) {
    const action = 'The controller corrects it within seconds while it runs.';
    return [problem(about, 'it cannot be read: it was edited by hand', action)];
  }
  const code = holdReason(status);
  if (code === undefined && status.phase !== 'Held') return [];
  // A controller of another version may know further codes.
  const action = code === undefined ? 'See docs/reasons.md.' : HOLD_REASONS[code].action;
  const what = status.activeSite === '' ? 'no site is active yet' : 'the last site is held';
  return [warning(about, `${what}: ${status.reason}`, action)];
}
