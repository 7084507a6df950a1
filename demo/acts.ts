/** The parts of the demo, each of which leaves the stage as the next one needs it. */

import type { Status } from '../contract/status.ts';
import { systemClock, withDeadline } from '../runtime/clock.ts';
import {
  nextPrimary,
  SITES,
  type SiteSetting,
  siteOf,
  untilDnsPointsTo,
  ZONE,
} from '../test/support/two-sites.ts';
import { fact, moment, styled, table } from './screen.ts';
import type { Stage } from './stage.ts';
import type { Timeline } from './timeline.ts';

/** The period of the controller's loop, the time limit of its calls, and some air. */
const FOLLOW_LIMIT_MS = 30_000;

type Followed = Omit<Timeline, 'from' | 'to'>;

export async function showState({ cluster, dns, status, web }: Stage): Promise<void> {
  for (const { name, nodeName, ip } of SITES) fact('Site', `${name}: ${nodeName}, reached at ${ip}`);
  const primary = (await cluster.get()).status?.currentPrimary ?? '';
  const site = siteOf(cluster, primary).name;
  fact('Primary', `${styled('bold', primary)}, in ${styled('bold', site)}`);
  fact('Status', status.last === undefined ? 'none yet' : describeStatus(status.last.status));
  for (const { name: host, address } of dns.zone(ZONE).hosts.filter(({ type }) => type === 'A')) {
    fact('DNS', `${host}.${ZONE} → ${styled('bold', address)}`);
  }
  const ready = new Set(web.service.routes.ready.map(({ address }) => address));
  for (const { pod, address } of web.runner.pods) {
    const does = ready.has(address.ip) ? styled('green', 'ready') : styled('dim', 'stands by');
    fact('Pod', `${pod.metadata.name}, ${pod.spec.nodeName}: ${does}`);
  }
  fact('Service', `${web.name} → ${styled('bold', addresses(web))}`);
}

/** Moves the primary to the other site, and shows when everything else has followed. */
export async function movePrimary(stage: Stage): Promise<Timeline> {
  const { cluster, operator, status } = stage;
  const { from, to, site } = await nextPrimary(cluster);
  moment(undefined, `the operator stops ${from} and promotes ${to}`);
  const quiet = status.onSeen(({ status: seen }) => {
    if (seen.phase !== 'Transitioning') return;
    moment(undefined, `status: ${seen.phase}, ${styled('bold', seen.activeSite)} still holds`);
  });
  const moved = Promise.withResolvers<number>();
  const following = showFollowing(stage, site, moved.promise);
  const settled = operator.switchover(to, {
    onMoved({ sentAt }) {
      moment(0, `${styled('bold', to)} is the primary, in ${styled('bold', site.name)}`);
      moved.resolve(sentAt);
    },
  });
  const [followed] = await Promise.all([following, settled]);
  quiet();
  await status.until(({ phase }) => phase === 'Settled', FOLLOW_LIMIT_MS);
  return { from: siteOf(cluster, from).name, to: site.name, ...followed };
}

/** Shows who has followed, in the order in which they do. */
async function showFollowing(
  { status, web, dns }: Stage,
  site: SiteSetting,
  moved: Promise<number>,
): Promise<Followed> {
  const measured = async (at: Promise<number>, what: () => string): Promise<number> => {
    const ms = (await at) - (await moved);
    moment(ms, what());
    return ms;
  };
  const place = styled('bold', site.name);
  const statusAt = status.until(({ activeSite }) => activeSite === site.name, FOLLOW_LIMIT_MS);
  const dnsAt = withDeadline(systemClock, FOLLOW_LIMIT_MS, undefined, 'the DNS zone', async () => {
    await untilDnsPointsTo(dns, site);
    return performance.now();
  });
  const [statusMs, podsMs, serviceMs, dnsMs] = await Promise.all([
    measured(
      statusAt.then(({ at }) => at),
      () => `status: active site ${place}, epoch ${status.last?.status.epoch}`,
    ),
    measured(web.untilAllAnswer(site), () => `/active in all ${web.runner.pods.length} pods says ${place}`),
    measured(web.untilRoutedTo(site), () => `Service routes to ${place}: ${addresses(web)}`),
    measured(dnsAt, () => `DNS: the provider has accepted ${styled('bold', site.ip)}`),
  ]);
  return { statusMs, podsMs, serviceMs, dnsMs };
}

function addresses({ service }: Stage['web']): string {
  return service.routes.ready
    .map(({ address }) => address)
    .toSorted()
    .join(', ');
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

/** From now on no watch event reaches the controller, and it does not notice. */
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
