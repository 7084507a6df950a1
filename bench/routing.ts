/** The whole way, by each of the ways side by side: until a Service routes to the pods of the new site, and no other. */
import { setTimeout as delay } from 'node:timers/promises';
import { STATUS_CONFIGMAP } from '../contract/names.ts';
import { startControlPlane } from '../test/support/control-plane.ts';
import {
  type InjectedWeb,
  type RoutingMode,
  startInjectedWeb,
} from '../test/support/pod-runner/injected-web.ts';
import { createNamespace, installCnpgCrds } from '../test/support/seed.ts';
import { letSidecarsRead } from '../test/support/sidecar-access.ts';
import { nextPrimary } from '../test/support/two-sites.ts';
import { createWebhookScene } from '../test/support/webhook-process.ts';
import { follow, openLane } from './lane.ts';

export interface Routing {
  /** Of each Service. */
  readonly pods: number;
  /** From the move of the primary until the sidecars of all pods have answered the new site. */
  readonly answeredMs: readonly number[];
  /** … until the EndpointSlice has the pods of the new site, and no other, as ready. In the same moves. */
  readonly routedMs: Readonly<Record<RoutingMode, readonly number[]>>;
}

const PODS = 8;
const WARM_UP = 5;
/** Of the readiness probes. */
const PERIOD_MS = 1_000;
const MODES = ['readiness', 'condition', 'follow'] as const satisfies readonly RoutingMode[];

/** In a control plane of its own, with the controllers that make pods and EndpointSlices. */
export async function timeRouting(moves: number): Promise<Routing> {
  await using ends = new AsyncDisposableStack();
  const plane = await startControlPlane({ controllers: true });
  ends.defer(() => plane.stop());
  await installCnpgCrds(plane.api);
  const lane = await openLane(plane, ends);
  const { cluster, operator } = lane;
  await letSidecarsRead(plane, { namespace: cluster.namespace, name: STATUS_CONFIGMAP });
  const scene = await createWebhookScene(
    { after: (end) => ends.defer(async () => void (await end())) },
    plane,
    { env: { POD_NAMESPACE: cluster.namespace } },
  );
  await scene.start(1);
  await follow(lane, ends);
  await scene.ready(1);
  const webs = {} as Record<RoutingMode, InjectedWeb>;
  for (const mode of MODES) {
    const namespace = await createNamespace(plane, mode);
    await scene.admit(namespace);
    webs[mode] = await startInjectedWeb(plane, ends, { namespace, name: 'web', replicas: PODS, mode });
  }
  const answeredMs: number[] = [];
  const routedMs: Record<RoutingMode, number[]> = { readiness: [], condition: [], follow: [] };
  for (let move = 0; move < WARM_UP + moves; move += 1) {
    const { to, site } = await nextPrimary(cluster);
    // A move waits for the probes; without this it would begin at the same point of their period each time.
    await delay(PERIOD_MS * Math.random());
    const [{ sentAt }, answeredAt, ...routedAt] = await Promise.all([
      operator.switchover(to),
      webs.readiness.untilAllAnswer(site),
      ...MODES.map((mode) => webs[mode].untilRoutedTo(site)),
    ]);
    if (move < WARM_UP) continue;
    answeredMs.push(answeredAt - sentAt);
    for (const [index, mode] of MODES.entries())
      routedMs[mode].push((routedAt[index] ?? Number.NaN) - sentAt);
  }
  return { pods: PODS, answeredMs, routedMs };
}
