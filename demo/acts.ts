/** The parts of the demo, each of which leaves the stage as the next one needs it. */

import type { Status } from '../contract/status.ts';
import { systemClock, withDeadline } from '../kubernetes/clock.ts';
import { FOLLOWING, nextPrimary, SITES, siteOf, untilDnsPointsTo, ZONE } from '../test/support/two-sites.ts';
import { fact, moment, styled, table } from './screen.ts';
import type { Stage } from './stage.ts';

/** The period of the controller's loop, the time limit of its calls, and some air. */
const FOLLOW_LIMIT_MS = 30_000;

/** Milliseconds from the move of the primary. */
export interface Followed {
  readonly statusMs: number;
  readonly dnsMs: number;
}

export async function showState({ cluster, dns, status }: Stage): Promise<void> {
  for (const { name, nodeName, ip } of SITES) fact('Site', `${name}: ${nodeName}, reached at ${ip}`);
  const primary = (await cluster.get()).status?.currentPrimary ?? '';
  const site = siteOf(cluster, primary).name;
  fact('Primary', `${styled('bold', primary)}, in ${styled('bold', site)}`);
  fact('Status', status.last === undefined ? 'none yet' : describeStatus(status.last.status));
  for (const { name: host, address } of dns.zone(ZONE).hosts.filter(({ type }) => type === 'A')) {
    fact('DNS', `${host}.${ZONE} → ${styled('bold', address)}`);
  }
}

/** Moves the primary to the other site, and shows when everything else has followed. */
export async function movePrimary({ cluster, operator, status, dns }: Stage): Promise<Followed> {
  const { from, to, site } = await nextPrimary(cluster);
  moment(undefined, `the operator stops ${from} and promotes ${to}`);
  const moved = Promise.withResolvers<number>();
  const quiet = status.onSeen(({ status: seen }) => {
    if (seen.phase !== 'Transitioning') return;
    moment(undefined, `status: ${seen.phase}, ${styled('bold', seen.activeSite)} still holds`);
  });
  const dnsFollows = withDeadline(systemClock, FOLLOW_LIMIT_MS, undefined, 'the DNS zone', async () => {
    await untilDnsPointsTo(dns, site);
    return performance.now();
  });
  const statusFollows = status.until(({ activeSite }) => activeSite === site.name, FOLLOW_LIMIT_MS);
  const settled = operator.switchover(to, { onMoved: ({ sentAt }) => moved.resolve(sentAt) });
  const show = async (): Promise<Followed> => {
    const movedAt = await moved.promise;
    moment(0, `${styled('bold', to)} is the primary, in ${styled('bold', site.name)}`);
    const { at, status: after } = await statusFollows;
    moment(at - movedAt, `status: ${describeStatus(after)}`);
    const acceptedAt = await dnsFollows;
    moment(
      acceptedAt - movedAt,
      `DNS: the provider has accepted ${styled('bold', site.ip)} for ${FOLLOWING.join(' and ')}`,
    );
    return { statusMs: at - movedAt, dnsMs: acceptedAt - movedAt };
  };
  const [followed] = await Promise.all([show(), settled]);
  quiet();
  await status.until(({ phase }) => phase === 'Settled', FOLLOW_LIMIT_MS);
  return followed;
}

/** Shows the whole zone: Namecheap replaces all of it with each write, so what was not ours to touch is at risk. */
export function showZone({ dns }: Stage, before: ReturnType<typeof zoneRows>): void {
  const after = zoneRows(dns);
  table(
    after.map((now, at) => {
      const same = now.join() === before[at]?.join();
      return [...now, same ? styled('dim', 'untouched') : styled('green', '← follows')];
    }),
  );
  const foreign = (rows: typeof after) => JSON.stringify(rows.filter(([, type]) => type !== 'A'));
  if (foreign(after) !== foreign(before))
    throw new Error('The zone has lost or changed a record of somebody else');
}

export function zoneRows(dns: Stage['dns']): readonly (readonly string[])[] {
  return dns.zone(ZONE).hosts.map(({ name, type, address }) => [name, type, address]);
}

/** From now on nothing that the API server tells by itself reaches the controller; nor does it notice. */
export function cutWatches({ proxy }: Stage): () => void {
  return proxy.inject({ verbs: ['watch'] }, { kind: 'silence' });
}

export function healWatches({ proxy }: Stage, heal: () => void): void {
  heal();
  proxy.cut(); // The silent ones stay silent until they end.
}

function describeStatus({ activeSite, epoch, phase }: Status): string {
  return `active site ${styled('bold', activeSite)}, epoch ${epoch}, ${phase}`;
}
