import { HOLD_REASONS, holdReason } from '../../contract/reasons.ts';
import { isOver, POD_DETAILS, type PodDetails } from '../cluster/pods.ts';
import { watchedLeaderOf } from '../status/leader.ts';
import { ago } from '../text/time.ts';
import { type Check, type Finding, problem, warning } from './check.ts';
import type { World } from './world.ts';

const CONTROLLER_PODS = 'app.kubernetes.io/component=controller';

export const CONTROLLER: Check = {
  name: 'controller',
  title: 'the controller leads and knows where the primary is',
  async find(world) {
    return { findings: [...(await leader(world)), ...world.followers.flatMap(standing)] };
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
  const about = `Lease ${world.namespace}/${lease.metadata.name}`;
  const text =
    holder === '' ? 'it has no holder' : `${holder} holds it, but was last heard of ${ago(renewedAt, now)}`;
  return [
    problem(
      about,
      `${text}: no controller leads, and nothing follows the primary`,
      `Look at the controller’s pods: kubectl -n ${world.namespace} get pods -l ${CONTROLLER_PODS}`,
    ),
  ];
}

/** Without leader election there is none, but then there is a pod. */
async function withoutLease(world: World): Promise<Finding[]> {
  const { namespace } = world;
  const pods: readonly PodDetails[] = await world.list(POD_DETAILS, {
    namespace,
    labelSelector: CONTROLLER_PODS,
  });
  if (pods.some((pod) => !isOver(pod))) return [];
  return [
    problem(
      `Namespace ${namespace}`,
      'there is neither a Lease nor a pod of a controller: nothing follows the primary',
      `Install the chart, or see why there is no pod: kubectl -n ${namespace} describe deployments -l ${CONTROLLER_PODS}`,
    ),
  ];
}

function standing({ namespace, configMap, status }: World['followers'][number]): Finding[] {
  const about = `ConfigMap ${namespace}/${configMap}`;
  if (status === undefined) {
    return [
      problem(
        about,
        'it cannot be read: it was edited by hand',
        'The controller corrects it within seconds while it runs.',
      ),
    ];
  }
  const code = holdReason(status);
  if (code === undefined && status.phase !== 'Held') return [];
  // A controller of another version may know codes that this command does not.
  const action = code === undefined ? 'See docs/reasons.md.' : HOLD_REASONS[code].action;
  return [warning(about, `the last site is held: ${status.reason}`, action)];
}
