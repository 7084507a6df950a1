/** The shipped programs, with the flags and memory limits of the chart. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { encodeStatus } from '../../../contract/status.ts';
import { EAST_NODE, statusWith } from '../../../sidecar/testing/status.ts';
import { StatusServer } from '../../../sidecar/testing/status-server.ts';
import type { ControlPlaneAccess } from '../../support/control-plane-access.ts';
import type { ControllerProcess } from '../../support/controller-process.ts';
import { INSPECTED } from '../../support/live-heap.ts';
import { createScene, type Scene } from '../../support/scene.ts';
import { bundleSidecar, Credentials, type Sidecar, startSidecar } from '../../support/sidecar.ts';
import { createWebhookScene, type WebhookProcess, type WebhookScene } from '../../support/webhook-process.ts';
import type { Victim } from './under-attack.ts';

/** What an attack may leave in a heap without garbage: code that ran for the first time, and what is kept of each object. */
const LEFTOVER = 8;
const SIDECAR_LEFTOVER = 2;

export interface ControllerVictim extends Victim {
  readonly scene: Scene;
  readonly controller: ControllerProcess;
  readonly port: number;
}

/** One that leads and has published its status. */
export async function controllerVictim(t: TestContext, plane: ControlPlaneAccess): Promise<ControllerVictim> {
  const scene = await createScene(t, plane);
  const controller = await scene.startAndSettle(INSPECTED);
  const key = { namespace: scene.namespace, name: 'kube-site-follower' };
  return {
    scene,
    controller,
    child: controller.child,
    port: Number(new URL(controller.url).port),
    probeUrl: controller.url,
    limit: 256,
    leftover: LEFTOVER,
    lease: { api: plane.api, key },
  };
}

export interface WebhookVictim extends Victim {
  readonly scene: WebhookScene;
  readonly webhook: WebhookProcess;
  /** Of the reviews, and of the probes. */
  readonly port: number;
  readonly probePort: number;
  /** Of its certificate. */
  readonly ca: string;
}

/** The only replica, which is ready. */
export async function webhookVictim(t: TestContext, plane: ControlPlaneAccess): Promise<WebhookVictim> {
  // No node has an endpoint of it that could still be used after its end.
  const scene = await createWebhookScene(t, plane, { env: { ...INSPECTED, LINGER_SECONDS: '0' } });
  const [webhook] = await scene.start(1);
  if (webhook === undefined) throw new Error('no webhook was started');
  await scene.ready(1);
  await webhook.child.waitForLog(({ lease }) => lease !== undefined, 30_000);
  const key = { namespace: scene.namespace, name: 'kube-site-follower-webhook' };
  const [entry] = (await scene.stored()).webhooks ?? [];
  return {
    scene,
    webhook,
    child: webhook.child,
    port: webhook.port,
    ca: Buffer.from(entry?.clientConfig.caBundle ?? '', 'base64').toString(),
    probePort: Number(new URL(webhook.url).port),
    probeUrl: webhook.url,
    limit: 384,
    leftover: LEFTOVER,
    lease: { api: plane.api, key },
  };
}

export interface SidecarVictim extends Victim {
  readonly sidecar: Sidecar;
  readonly port: number;
  readonly probePort: number;
}

/** One that is active by the API. */
export async function sidecarVictim(t: TestContext): Promise<SidecarVictim> {
  const folder = await mkdtemp(join(tmpdir(), 'hostile-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const server = await StatusServer.start();
  t.after(() => server.stop());
  server.put({ uid: 'a', data: encodeStatus(statusWith({ epoch: 7, activeSite: 'east' })) });
  const credentials = await Credentials.create({ ca: server.ca, token: 'test' });
  t.after(() => credentials.remove());
  const sidecar = await startSidecar({
    bundle: await bundleSidecar(folder),
    nodeName: EAST_NODE,
    namespace: 'here',
    apiServer: { host: '127.0.0.1', port: server.port },
    credentials,
    env: INSPECTED,
  });
  t.after(() => sidecar.process.stop());
  await sidecar.until('it is active', ({ active }) => active);
  return {
    sidecar,
    child: sidecar.process,
    port: Number(new URL(sidecar.url).port),
    probePort: Number(new URL(sidecar.probeUrl).port),
    probeUrl: sidecar.probeUrl,
    limit: 64,
    leftover: SIDECAR_LEFTOVER,
  };
}
