/** How fast the webhook answers reviews, from outside of its process and over TLS, beside a bare handler. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import type { ControlPlaneAccess } from '../test/support/control-plane-access.ts';
import { reviewOfPod } from '../test/support/pod-review.ts';
import { startProcess } from '../test/support/process.ts';
import { createWebhookScene } from '../test/support/webhook-process.ts';
import { createAuthority, issueLeaf, type Pair } from '../webhook/certificates/authority.ts';
import { REVIEW_PATH } from '../webhook/webhook-configuration.ts';
import { type GoPeers, startInjector } from './go-peers.ts';
import { cpuSeconds, type Memory, memoryOf } from './memory.ts';

export interface Admission {
  readonly webhook: Load;
  readonly floor: Load;
  /** Undefined where there is no Go. */
  readonly injector: (Load & { readonly memory: Memory }) | undefined;
  /** Of the webhook, after all of it. */
  readonly memory: Memory;
}

export interface Load {
  /** Milliseconds from when a review was due until its answer was read, at RATE a second. */
  readonly steadyMs: readonly number[];
  /** Reviews a second when each connection sends the next as soon as it has its answer. */
  readonly saturated: number;
  /** Microseconds of processor time for each of those: also true on a machine that others use. */
  readonly cpuUs: number;
}

export interface AdmissionSize {
  /** Of each of the two parts, for each server. */
  readonly seconds: number;
}

const RATE = 200;
/** As many connections as a busy API server holds. */
const CONNECTIONS = 16;
const WARM_UP = 2_000;
const LIFE_MS = 3_600_000;

export async function measureAdmission(
  plane: ControlPlaneAccess,
  { seconds }: AdmissionSize,
  peers: GoPeers | undefined,
): Promise<Admission> {
  await using ends = new AsyncDisposableStack();
  const scene = await createWebhookScene(
    { after: (end) => ends.defer(async () => void (await end())) },
    plane,
  );
  const [webhook] = await scene.start(1);
  await scene.ready(1);
  // Twenty probes a second, which no kubelet sends, would be counted as the webhook's work.
  scene.balancer.backends = [];
  if (webhook === undefined) throw new Error('no webhook was started');
  const [entry] = (await scene.stored()).webhooks ?? [];
  const ca = Buffer.from(entry?.clientConfig.caBundle ?? '', 'base64').toString();

  const authority = await createAuthority(Date.now(), LIFE_MS);
  const pair = await issueLeaf(authority, ['127.0.0.1'], Date.now(), LIFE_MS);
  const floor = await startProcess('floor', [process.execPath, `${import.meta.dirname}/floor-admission.ts`], {
    env: { PAIR: JSON.stringify(pair), NODE_NO_WARNINGS: '1' },
  });
  ends.defer(async () => void (await floor.stop()));
  const { port } = await floor.waitForLog(({ msg }) => msg === 'serving', 10_000);

  // In turn, so that all see the same machine.
  const measured = {
    floor: await measure({ port: Number(port), pid: floor.pid, ca: authority.certificate }, seconds),
    webhook: await measure({ port: webhook.port, pid: webhook.child.pid, ca }, seconds),
    injector: peers && (await measureInjector(peers, { pair, ca: authority.certificate }, seconds)),
  };
  return { ...measured, memory: await memoryOf(webhook.child.pid) };
}

async function measureInjector(
  peers: GoPeers,
  { pair, ca }: { readonly pair: Pair; readonly ca: string },
  seconds: number,
): Promise<Load & { readonly memory: Memory }> {
  await using ends = new AsyncDisposableStack();
  const { port, pid } = await startInjector(peers, pair, ends);
  const load = await measure({ port, pid, ca }, seconds);
  return { ...load, memory: await memoryOf(pid) };
}

interface Measured {
  readonly port: number;
  readonly pid: number;
  readonly ca: string;
}

async function measure({ port, pid, ca }: Measured, seconds: number): Promise<Load> {
  const pool = new Pool(`https://127.0.0.1:${port}`, { connections: CONNECTIONS, connect: { ca } });
  try {
    for (let sent = 0; sent < WARM_UP; sent += CONNECTIONS) {
      await Promise.all(Array.from({ length: CONNECTIONS }, () => review(pool)));
    }
    const steadyMs = await steadily(pool, seconds);
    return { steadyMs, ...(await saturate(pool, pid, seconds)) };
  } finally {
    await pool.close();
  }
}

/** An open loop: a slow answer does not hold up the reviews behind it, so their waiting is measured too. */
async function steadily(pool: Pool, seconds: number): Promise<readonly number[]> {
  const began = performance.now();
  const all: Promise<number>[] = [];
  for (let index = 0; index < seconds * RATE; index += 1) {
    const dueAt = began + (index * 1_000) / RATE;
    const early = dueAt - performance.now();
    if (early > 0) await delay(early);
    all.push(review(pool).then(() => performance.now() - dueAt));
  }
  return Promise.all(all);
}

async function saturate(pool: Pool, pid: number, seconds: number): Promise<Omit<Load, 'steadyMs'>> {
  const [began, cpuBefore] = [performance.now(), await cpuSeconds(pid)];
  const endsAt = began + seconds * 1_000;
  let answered = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      for (; performance.now() < endsAt; answered += 1) await review(pool);
    }),
  );
  const cpu = (await cpuSeconds(pid)) - cpuBefore;
  return { saturated: (answered * 1_000) / (performance.now() - began), cpuUs: (cpu * 1e6) / answered };
}

async function review(pool: Pool): Promise<void> {
  const { statusCode, body } = await pool.request({
    path: REVIEW_PATH,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(reviewOfPod(randomUUID())),
  });
  const answer = (await body.json()) as { readonly response?: { readonly allowed?: boolean } };
  if (statusCode !== 200 || answer.response?.allowed !== true) throw new Error(`a review got ${statusCode}`);
}
