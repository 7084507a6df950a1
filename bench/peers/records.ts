/**
 * From a moved primary to the changed record in a real BIND 9, by RFC 2136: by our controller, and by ExternalDNS from a
 * DNSEndpoint that is rewritten in the moment the primary has moved. Nothing of ExternalDNS rewrites it: that is its best case.
 */
import type { Resolver } from 'node:dns/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { DNS_ENDPOINTS, type DnsEndpoint } from '../../dns/providers/external-dns/dns-endpoint.ts';
import { systemClock, withDeadline } from '../../runtime/clock.ts';
import { findDnsEndpointCrd } from '../../test/support/binaries.ts';
import type { ControlPlane } from '../../test/support/control-plane.ts';
import { byUpdates, startExternalDns } from '../../test/support/dns/external-dns-process.ts';
import { nameServerHarness, ZONE } from '../../test/support/dns/name-server-harness.ts';
import { startBind } from '../../test/support/dns/name-servers.ts';
import { answeredBy } from '../../test/support/loopback-dns.ts';
import { createNamespace, installCrdFile } from '../../test/support/seed.ts';
import { EAST, type SiteSetting, siteOf } from '../../test/support/two-sites.ts';
import { FOLLOW_LIMIT_MS, type Follows, follow, type Lane, openLane, timeMove } from '../lane.ts';

export interface RecordTimes {
  readonly ours: readonly number[];
  /** Of each way of {@link PACES}. */
  readonly externalDns: Readonly<Record<Pace, readonly number[]>>;
}

/** Its main loop looks every second whether anything is to do, so no shorter interval makes it quicker. */
const TICK_MS = 1_000;
const PACES = {
  shortest: ['--interval=1s', '--events', '--min-event-sync-interval=1s'],
  default: ['--events'],
} as const satisfies Record<string, readonly string[]>;
export type Pace = keyof typeof PACES;

const OURS = `ours.${ZONE}`;
/** The first moves are not counted: the controller is still being compiled. */
const WARM_UP = 3;
const POLL_MS = 5;

export async function timeRecords(plane: ControlPlane, moves: number): Promise<RecordTimes> {
  await using stack = new AsyncDisposableStack();
  const ends = { after: (end: () => unknown) => stack.defer(async () => void (await end())) };
  const harness = await nameServerHarness(startBind, 'hmac-sha256')(ends);
  const { resolver, port } = harness.server;
  await installCrdFile(plane.api, await findDnsEndpointCrd(), DNS_ENDPOINTS);

  const lane = await openLane(plane, stack);
  const settings = {
    ...harness.environment,
    DNS_RECORDS: `${OURS}@${ZONE}`,
    DNS_NAME_SERVERS: `127.0.0.1:${port}`,
    ...answeredBy(port),
  };
  await follow(lane, stack, { settings });
  const kubeconfig = `--kubeconfig=${await plane.kubeconfigFor('admin')}`;
  const peers: readonly Peer[] = await Promise.all(
    (Object.keys(PACES) as Pace[]).map(async (pace) => {
      const peer = await Peer.create(lane, resolver, pace);
      const source = [
        '--source=crd',
        `--namespace=${peer.namespace}`,
        '--policy=sync',
        `--txt-owner-id=${pace}`,
      ];
      await startExternalDns(ends, byUpdates(ZONE, harness.server), ...source, ...PACES[pace], kubeconfig);
      return peer;
    }),
  );
  await Promise.all([recordOf(resolver, OURS)(EAST), ...peers.map(({ shows }) => shows(EAST))]);

  const ours: number[] = [];
  const externalDns: Record<Pace, number[]> = { shortest: [], default: [] };
  for (let move = 0; move < WARM_UP + moves; move += 1) {
    // A move waits for the loop of one of them; without this it would begin at the same point of it each time.
    await delay(TICK_MS * Math.random());
    const [own, ...theirs] = await moveAll(lane, resolver, peers);
    if (move < WARM_UP) continue;
    ours.push(own);
    for (const [index, { pace }] of peers.entries()) externalDns[pace].push(theirs[index] ?? Number.NaN);
  }
  return { ours, externalDns };
}

/** Resolves to the milliseconds of ours and of each peer, each from right before its own object was written. */
async function moveAll(
  lane: Lane,
  resolver: Resolver,
  peers: readonly Peer[],
): Promise<readonly [number, ...number[]]> {
  const moved = Promise.withResolvers<SiteSetting>();
  const [own, ...theirs] = await Promise.all([
    timeMove(lane, recordOf(resolver, OURS), {
      onMoved: ({ to }) => moved.resolve(siteOf(lane.cluster, to)),
    }),
    ...peers.map(async (peer) => peer.timeRewrite(await moved.promise)),
  ]);
  return [own, ...theirs];
}

/** A name that ExternalDNS keeps for a DNSEndpoint. */
class Peer {
  readonly pace: Pace;
  readonly namespace: string;
  readonly shows: Follows;
  readonly #lane: Lane;
  readonly #name: string;

  private constructor(lane: Lane, resolver: Resolver, pace: Pace, namespace: string) {
    this.pace = pace;
    this.namespace = namespace;
    this.#lane = lane;
    this.#name = `${pace}.${ZONE}`;
    this.shows = recordOf(resolver, this.#name);
  }

  static async create(lane: Lane, resolver: Resolver, pace: Pace): Promise<Peer> {
    const peer = new Peer(lane, resolver, pace, await createNamespace(lane.plane, pace));
    const object: DnsEndpoint = {
      apiVersion: `${DNS_ENDPOINTS.group}/${DNS_ENDPOINTS.version}`,
      kind: DNS_ENDPOINTS.kind,
      metadata: { namespace: peer.namespace, name: pace },
      ...peer.#spec(EAST),
    };
    await lane.plane.api.create(DNS_ENDPOINTS, object);
    return peer;
  }

  async timeRewrite(site: SiteSetting): Promise<number> {
    const key = { namespace: this.namespace, name: this.pace };
    const sentAt = performance.now();
    const [shownAt] = await Promise.all([
      this.shows(site),
      this.#lane.plane.api.patch(DNS_ENDPOINTS, key, this.#spec(site), { type: 'merge' }),
    ]);
    return shownAt - sentAt;
  }

  #spec({ ip }: SiteSetting): Pick<DnsEndpoint, 'spec'> {
    return {
      spec: { endpoints: [{ dnsName: this.#name, recordType: 'A', targets: [ip], recordTTL: 60 }] },
    };
  }
}

/** As BIND itself answers. */
function recordOf(resolver: Resolver, name: string): Follows {
  return ({ ip }) =>
    withDeadline(systemClock, FOLLOW_LIMIT_MS, undefined, `the record of ${name}`, async (abort) => {
      while ((await resolver.resolve4(name)).join() !== ip)
        await delay(POLL_MS, undefined, { signal: abort });
      return performance.now();
    });
}
