import type { Transition } from '../../contract/history.ts';
import type { Status } from '../../contract/status.ts';
import type { ControllerView } from '../../controller/controller.ts';
import type { ShownView } from '../../controller/peers/peers.ts';
import type { Side } from '../../controller/peers/side.ts';
import { statusAt } from './status.ts';

const MINUTE = 60_000;
const SITES = {
  'us-east': ['node-us-east-01', 'node-us-east-02'],
  'us-west': ['node-us-west-01'],
  'eu-west': ['node-eu-west-01', 'node-eu-west-02'],
};

type Follower = ControllerView['followers'][number];

/** Minutes of each stay, newest first; the sites take turns. */
const STAYS = [12, 43_200, 3, 1, 2_880, 360, 15_000, 90, 7];

function ago(minutes: number): string {
  return new Date(Date.now() - minutes * MINUTE).toISOString();
}

/** `count` moves between the sites, the last one to `site`. */
export function history(count: number, site: keyof typeof SITES = 'us-east'): Transition[] {
  const names = Object.keys(SITES) as (keyof typeof SITES)[];
  const at = (index: number) => names[(names.indexOf(site) + index) % names.length] ?? site;
  let minutes = 0;
  return Array.from({ length: count }, (_, index): Transition => {
    minutes += STAYS[index % STAYS.length] ?? 1;
    const written = ago(minutes);
    const to = at(index);
    return {
      epoch: count - index,
      from: index === count - 1 ? '' : at(index + 1),
      to,
      node: SITES[to][0] ?? '',
      primary: `pg-cluster-${(index % 3) + 1}`,
      movedAt: new Date(Date.parse(written) - 38).toISOString(),
      writtenAt: written,
    };
  }).toReversed();
}

export function status(changes: Partial<Status> = {}): Status {
  const { activeSite = 'us-east' } = changes;
  return statusAt(activeSite, {
    activeNode: SITES[activeSite as keyof typeof SITES]?.[0] ?? '',
    primary: 'pg-cluster-1',
    epoch: 9,
    since: ago(12),
    lastUpdated: ago(12),
    sites: SITES,
    ...changes,
  });
}

const COUNTS = { ready: 0, total: 0, gatedReady: 0, missed: 0 };

/** All is well in us-east. */
export function settled(changes: Partial<Follower> = {}, name = 'default'): Follower {
  const ip = '192.0.2.10';
  const at = ago(11);
  const sighting = { values: [ip], at };
  const seen = { ...sighting, servers: ['ns1.example.net'], silent: [] };
  const record = { zone: 'example.com', type: 'A', wanted: [ip], accepted: sighting, seen };
  return {
    name,
    status: status(),
    problem: '',
    report: {
      history: history(9),
      dns: [
        { ...record, name: 'app.example.com' },
        { ...record, name: 'db.example.com' },
      ],
      notify: {
        targets: {
          'on-call': {
            epoch: 9,
            waiting: [],
            dropped: 0,
            last: { id: 'msg_1', kind: 'site-changed', outcome: 'delivered', at, attempts: 1 },
          },
        },
      },
    },
    pods: {
      'us-east': { ...COUNTS, ready: 24, total: 24, gatedReady: 24 },
      'us-west': { ...COUNTS, total: 12 },
      'eu-west': { ...COUNTS, total: 12 },
    },
    ...changes,
  };
}

/** Right after a failover to eu-west: DNS and some pods are behind. */
export function movedNow(): Follower {
  const before = settled();
  const now = new Date().toISOString();
  const wanted = ['198.51.100.20'];
  const [dns] = before.report.dns as object[];
  const error = {
    text: 'setHosts for example.com failed with 1011150: Invalid request IP: 203.0.113.7',
    action: 'Add the address to the allowed ones at Namecheap.',
    since: now,
    code: '1011150',
    kind: 'config',
  };
  return settled({
    status: status({ activeSite: 'eu-west', primary: 'pg-cluster-3', epoch: 10, since: now }),
    report: {
      ...before.report,
      history: [
        ...history(9),
        {
          epoch: 10,
          from: 'us-east',
          to: 'eu-west',
          node: 'node-eu-west-01',
          primary: 'pg-cluster-3',
          movedAt: new Date(Date.parse(now) - 21).toISOString(),
          writtenAt: now,
        },
      ],
      dns: [
        { ...dns, wanted },
        { ...dns, name: 'db.example.com', wanted, error },
      ],
    },
    pods: {
      'us-east': { ...COUNTS, ready: 3, total: 24, gatedReady: 3 },
      'us-west': { ...COUNTS, total: 12, missed: 1 },
      'eu-west': { ...COUNTS, ready: 4, total: 12, gatedReady: 4 },
    },
  });
}

export function held(): Follower {
  const reason = 'PodWithoutNode: pod postgres/pg-cluster-1 has no node';
  return settled({ status: status({ phase: 'Held', reason }) });
}

export function viewOf(...followers: Follower[]): ControllerView {
  return { identity: 'kube-site-follower-7d4b9-x2x9z_1f2e3d4c', leader: true, dryRun: false, followers };
}

/** What a cluster of a topology says that stands by. */
export const STANDBY_SIDE: Side = {
  follower: 'default',
  site: 'eu-west',
  activeSite: 'us-east',
  phase: 'Settled',
  reason: '',
  epoch: 4,
  timeline: 7,
  claim: 'none',
};

/** Of a topology, us-east active, as the controller there sees it; `side`: what eu-west says. */
export function topology(side: Partial<Side> = {}): ShownView {
  const sites = { 'us-east': SITES['us-east'], 'us-west': [], 'eu-west': [] };
  const made = { 'example.com': 'v=site-follower1; owner=pg-east; site=us-east; timeline=7; epoch=9' };
  const claim = { promotedTo: 7, primary: 'uid', demotedAt: '', rivals: {}, made };
  const before = settled();
  const own = settled({
    status: status({ sites }),
    report: { ...before.report, claim },
    pods: { 'us-east': { ...COUNTS, ready: 24, total: 24, gatedReady: 24 } },
  });
  return {
    ...viewOf(own),
    peers: [
      { site: 'eu-west', answeredAt: ago(0.05), problem: '', sides: [{ ...STANDBY_SIDE, ...side }] },
      {
        site: 'us-west',
        answeredAt: ago(7),
        problem: 'it gave no answer within 5000 ms',
        sides: [{ ...STANDBY_SIDE, site: 'us-west', epoch: 2 }],
      },
    ],
  };
}
