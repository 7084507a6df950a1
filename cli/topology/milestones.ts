import { HEALTHY } from '../../cnpg/cluster.ts';
import { isReplica } from '../../cnpg/replica.ts';
import { roleInTopology } from '../../cnpg/topology.ts';
import { nextStep } from '../../cnpg/topology-switch.ts';
import { recordsOf } from '../status/dns.ts';
import { type EndpointSlice, type Milestone, milestonesOf } from '../switchover/milestones.ts';
import { nameOf } from './side.ts';
import type { ObservedSides } from './watch.ts';

/** In the order in which they are mostly reached. `before` is the first look. */
export function milestonesOfSides(
  before: ObservedSides,
  now: ObservedSides,
  services: readonly string[],
  slices: readonly EndpointSlice[],
): Milestone[] {
  const { from, to } = now;
  const step = nextStep({ from: from.cluster, to: to.cluster });
  const [fromName, toName] = [nameOf(from), nameOf(to)];
  const role = roleInTopology(to.cluster);
  const isPromoted = role.kind === 'primary';
  const isDemoted = step.kind !== 'demote' && step.kind !== 'await-demotion';
  const missing = 'missing' in step ? step.missing : `waits for the step before`;
  const token = from.cluster.status?.demotionToken ?? '';
  const active = from.published?.status?.activeSite ?? '';
  const target = to.cluster.status?.currentPrimary ?? '';
  const followed = milestonesOf({
    target,
    site: to.side.site,
    cluster: isPromoted ? to.cluster : undefined,
    status: to.published?.status,
    dns: to.published === undefined ? [] : recordsOf(to.published),
    dnsBefore: before.to.published === undefined ? [] : recordsOf(before.to.published),
    slices,
    services,
  }).filter(({ name }) => name !== 'promoted');
  const { phase = '' } = from.cluster.status ?? {};
  return [
    {
      name: 'demotion',
      text: `${fromName} is to become a replica cluster of ${toName}`,
      missing: isReplica(from.cluster) ? undefined : 'nothing was changed yet',
    },
    {
      name: 'standby',
      text: `${from.side.site} stands by`,
      missing:
        active === from.side.site ? `the status in ${from.side.context} still says ${active}` : undefined,
    },
    {
      name: 'token',
      text: `${fromName} is demoted${token === '' ? '' : `, its token has ${token.length} characters`}`,
      missing: isDemoted ? undefined : `${fromName}: ${missing}`,
    },
    {
      name: 'promotion',
      text: `${toName} is to become the primary`,
      missing: role.kind === 'replica' ? 'waits for the token' : undefined,
    },
    {
      name: 'writable',
      text: `${toName} is the primary, on timeline ${to.cluster.status?.timelineID ?? '?'}`,
      missing: isPromoted ? undefined : `${toName}: ${missing}`,
    },
    ...(isPromoted ? followed : followed.map((one) => ({ ...one, missing: `waits for ${toName}` }))),
    {
      name: 'replica',
      text: `${fromName} is healthy as a replica cluster`,
      missing:
        isPromoted && isDemoted && phase === HEALTHY ? undefined : `${fromName}: its phase is "${phase}"`,
    },
  ];
}
