/** The whole way: a labelled Deployment on both sites, until its Service routes to the pods of the new one. */
import { setTimeout as delay } from 'node:timers/promises';
import { STATUS_CONFIGMAP } from '../contract/names.ts';
import { startControlPlane } from '../test/support/control-plane.ts';
import { startInjectedWeb } from '../test/support/pod-runner/injected-web.ts';
import { installCnpgCrds } from '../test/support/seed.ts';
import { letSidecarsRead } from '../test/support/sidecar-access.ts';
import { nextPrimary } from '../test/support/two-sites.ts';
import { createWebhookScene } from '../test/support/webhook-process.ts';
import { follow, openLane } from './lane.ts';

export interface Routing {
  readonly pods: number;
  /** From the move of the primary until the sidecars of all pods have answered the new site. */
  readonly answeredMs: readonly number[];
  /** … until the EndpointSlice has the pods of the new site, and no other, as ready. */
  readonly routedMs: readonly number[];
}

const PODS = 8;
const WARM_UP = 5;
/** Of the readiness probes. */
const PERIOD_MS = 1_000;

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
  const web = await startInjectedWeb(plane, ends, { namespace: scene.pods, name: 'web', replicas: PODS });
  const answeredMs: number[] = [];
  const routedMs: number[] = [];
  for (let move = 0; move < WARM_UP + moves; move += 1) {
    const { to, site } = await nextPrimary(cluster);
    // A move waits for the probes; without this it would begin at the same point of their period each time.
    await delay(PERIOD_MS * Math.random());
    const [{ sentAt }, answeredAt, routedAt] = await Promise.all([
      operator.switchover(to),
      web.untilAllAnswer(site),
      web.untilRoutedTo(site),
    ]);
    if (move < WARM_UP) continue;
    answeredMs.push(answeredAt - sentAt);
    routedMs.push(routedAt - sentAt);
  }
  return { pods: PODS, answeredMs, routedMs };
}
