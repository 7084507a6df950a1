import { STATUS_CONFIGMAP } from '../contract/names.ts';
import type { CnpgCluster } from '../test/support/cnpg.ts';
import { CnpgOperator, type MoveOptions, type OperatorTimings } from '../test/support/cnpg-operator.ts';
import type { ControlPlaneAccess } from '../test/support/control-plane-access.ts';
import {
  type ControllerProcess,
  type Environment,
  startController,
} from '../test/support/controller-process.ts';
import { createNamespace } from '../test/support/seed.ts';
import { StatusWatch } from '../test/support/status-watch.ts';
import {
  createClusterOnBothSites,
  followSettings,
  nextPrimary,
  type SiteSetting,
} from '../test/support/two-sites.ts';

/** A Cluster and its follower in a namespace of their own, so that several can be measured side by side. */
export interface Lane {
  readonly plane: ControlPlaneAccess;
  readonly cluster: CnpgCluster;
  readonly operator: CnpgOperator;
  readonly status: StatusWatch;
}

/** The follower is done with each part of a move before the next begins; nobody waits for the labels. */
const PACE: OperatorTimings = { demoteMs: 60, promoteMs: 60, relabelMs: 150, settleMs: 50 };

export async function openLane(
  plane: ControlPlaneAccess,
  ends: AsyncDisposableStack,
  pace = PACE,
): Promise<Lane> {
  const namespace = await createNamespace(plane, 'lane');
  const cluster = await createClusterOnBothSites(plane, { namespace, name: 'pg-cluster' });
  const status = new StatusWatch(plane.api, { namespace, name: STATUS_CONFIGMAP });
  ends.defer(() => status.stop());
  return { plane, cluster, operator: new CnpgOperator(cluster, pace), status };
}

export interface LaunchOptions {
  /** By default that of the lane's control plane. */
  readonly kubeconfig?: string;
  readonly settings?: Environment;
}

/** Ends with `ends`. Resolves when it serves HTTP. */
export async function launch(
  { plane, cluster }: Lane,
  ends: AsyncDisposableStack,
  { kubeconfig = plane.kubeconfig, settings = {} }: LaunchOptions = {},
): Promise<ControllerProcess> {
  const { namespace } = cluster;
  const controller = await startController({
    ...followSettings(kubeconfig, namespace, cluster),
    ...settings,
  });
  ends.defer(() => controller.stop());
  return controller;
}

/** As launch; resolves when it has begun to follow. */
export async function follow(
  ...[lane, ends, options]: Parameters<typeof launch>
): Promise<ControllerProcess> {
  const controller = await launch(lane, ends, options);
  await lane.status.until(({ phase }) => phase === 'Settled', FOLLOW_LIMIT_MS);
  return controller;
}

/** Far above every target, so that a miss is measured and not cut off. */
export const FOLLOW_LIMIT_MS = 60_000;

/** Resolves to performance.now() when `site` is what is told. */
export type Follows = (site: SiteSetting) => Promise<number>;

export function statusOf({ status }: Lane): Follows {
  return async ({ name }) =>
    (await status.until(({ activeSite }) => activeSite === name, FOLLOW_LIMIT_MS)).at;
}

/**
 * Moves the primary to the other site. Resolves when all is settled, to the milliseconds from right before the new
 * `currentPrimary` is sent to the API server until `follows`; so the API server's own write is part of them.
 */
export async function timeMove(
  { cluster, operator }: Pick<Lane, 'cluster' | 'operator'>,
  follows: Follows,
  options: MoveOptions = {},
): Promise<number> {
  const { to, site } = await nextPrimary(cluster);
  const [{ sentAt }, followedAt] = await Promise.all([operator.switchover(to, options), follows(site)]);
  return followedAt - sentAt;
}
