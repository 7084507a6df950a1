/** From the move of the primary until the world has followed. */
import { setTimeout as delay } from 'node:timers/promises';
import { STATUS_CONFIGMAP } from '../contract/names.ts';
import { systemClock, withDeadline } from '../runtime/clock.ts';
import type { ControlPlane } from '../test/support/control-plane.ts';
import { startFaultProxy } from '../test/support/fault-proxy.ts';
import { startProcess } from '../test/support/process.ts';
import { dnsSettings, startExampleDns, untilDnsPointsTo } from '../test/support/two-sites.ts';
import { type GoPeers, startInformer } from './go-peers.ts';
import { FOLLOW_LIMIT_MS, type Follows, follow, type Lane, openLane, statusOf, timeMove } from './lane.ts';
import { type Memory, memoryOf } from './memory.ts';

const START_LIMIT_MS = 20_000;
/** The first moves of both are not counted: their programs are still being compiled. */
const WARM_UP = 10;

export interface Watched {
  /** Of the controller, after the last move. */
  readonly memory: Memory;
  readonly controller: readonly number[];
  /** The bare client's, in turn with the controller's. */
  readonly floor: readonly number[];
  /** Those of an informer in Go, in turn with them. Undefined where there is no Go. */
  readonly informer: { readonly ms: readonly number[]; readonly memory: Memory } | undefined;
}

export async function timeWatched(
  plane: ControlPlane,
  moves: number,
  peers: GoPeers | undefined,
): Promise<Watched> {
  await using ends = new AsyncDisposableStack();
  const [lane, bare] = [await openLane(plane, ends), await openLane(plane, ends)];
  await followBarely(plane, bare, ends);
  const controller = await follow(lane, ends);
  const informed = peers && (await informedLane(plane, peers, ends));
  const samples = { controller: [] as number[], floor: [] as number[], informer: [] as number[] };
  for (let move = 0; move < WARM_UP + moves; move += 1) {
    const counted = move >= WARM_UP;
    for (const [kind, one] of [
      ['controller', lane],
      ['floor', bare],
      ['informer', informed?.lane],
    ] as const) {
      const ms = one && (await timeMove(one, statusOf(one)));
      if (counted && ms !== undefined) samples[kind].push(ms);
    }
  }
  return {
    controller: samples.controller,
    floor: samples.floor,
    informer: informed && { ms: samples.informer, memory: await memoryOf(informed.pid) },
    memory: await memoryOf(controller.child.pid),
  };
}

async function informedLane(
  plane: ControlPlane,
  peers: GoPeers,
  ends: AsyncDisposableStack,
): Promise<{ readonly lane: Lane; readonly pid: number }> {
  const lane = await openLane(plane, ends);
  const { pid } = await startInformer(peers, plane, lane, ends);
  return { lane, pid };
}

async function followBarely(
  plane: ControlPlane,
  { cluster }: Lane,
  ends: AsyncDisposableStack,
): Promise<void> {
  const program = `${import.meta.dirname}/floor-client.ts`;
  const target = [plane.folder, cluster.namespace, cluster.name, STATUS_CONFIGMAP];
  const client = await startProcess('floor-client', [process.execPath, program, ...target]);
  ends.defer(async () => void (await client.stop()));
  await client.waitForLog(({ msg }) => msg === 'watching', START_LIMIT_MS);
}

/** With every watch silently dead: a proxy keeps the streams open and swallows what they bring. */
export async function timeUnwatched(plane: ControlPlane, moves: number): Promise<readonly number[]> {
  await using ends = new AsyncDisposableStack();
  const lane = await openLane(plane, ends);
  const proxy = await startFaultProxy(plane);
  ends.defer(() => proxy.stop());
  const kubeconfig = await plane.kubeconfigFor('admin', { server: proxy.url });
  await follow(lane, ends, { kubeconfig });
  proxy.inject({ verbs: ['watch'] }, { kind: 'silence' });
  const samples: number[] = [];
  for (let move = 0; move < moves; move += 1) {
    await delay(RESYNC_MS * Math.random()); // Each move had just made the loop look: without this all would wait long.
    samples.push(await timeMove(lane, statusOf(lane)));
  }
  return samples;
}

/** The default of RESYNC_SECONDS. */
const RESYNC_MS = 10_000;
/** The controller writes a zone twice in 20 s at most: in a series of moves that comes faster, some wait on purpose. */
const WRITE_GAP_MS = 10_500;

/** Until the provider, a fake on this machine, has the new addresses. */
export async function timeDns(plane: ControlPlane, moves: number): Promise<readonly number[]> {
  await using ends = new AsyncDisposableStack();
  const lane = await openLane(plane, ends);
  const dns = await startExampleDns();
  ends.defer(() => dns.stop());
  await follow(lane, ends, { settings: dnsSettings(dns) });
  const follows: Follows = (site) =>
    withDeadline(systemClock, FOLLOW_LIMIT_MS, undefined, 'the DNS zone', async () => {
      await untilDnsPointsTo(dns, site);
      return performance.now();
    });
  const samples: number[] = [];
  for (let move = 0; move < moves; move += 1) {
    if (move > 0) await delay(WRITE_GAP_MS);
    samples.push(await timeMove(lane, follows));
  }
  return samples;
}
