/** Runs in a worker: see admissions.ts. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Pool } from 'undici';
import { REVIEW_PATH } from '../../../webhook/webhook-configuration.ts';
import { reviewOfPod } from '../../support/pod-review.ts';
import type { AdmissionsOptions } from './admissions.ts';
import { threadWaited, waitedForProcessor } from './processor.ts';

/** Of reviews: 50 a second, many more than pods are created in most clusters. */
const PERIOD_MS = 20;
const CONNECTIONS = 4;
/** Of the API server for one admission, as our configuration of the webhook says. */
const LIMIT_MS = 5_000;

const { port, pid, ca } = workerData as AdmissionsOptions;
const pool = new Pool(`https://127.0.0.1:${port}`, { connections: CONNECTIONS, connect: { ca } });
const answeredMs: number[] = [];
const refused: string[] = [];
let isOver = false;

parentPort?.once('message', () => {
  isOver = true;
});
const asked: Promise<void>[] = [];
while (!isOver) {
  // An open loop: a slow answer does not hold up the reviews behind it, so their waiting is measured too.
  asked.push(ask());
  await delay(PERIOD_MS);
}
await Promise.all(asked);
await pool.destroy();
parentPort?.postMessage({ answeredMs, refused });

/** The two may wait at the same time, and then for less than both together: so at least this long. */
function waitedSince(before: Waited): number {
  const now = waited();
  return Math.max(now.webhook - before.webhook, now.client - before.client);
}

interface Waited {
  readonly webhook: number;
  readonly client: number;
}

function waited(): Waited {
  return { webhook: waitedForProcessor([pid]), client: threadWaited() };
}

/** Once: the API server does not ask again either, when a review was on its way. */
async function ask(): Promise<void> {
  const [began, waitedBefore] = [performance.now(), waited()];
  try {
    const { statusCode, body } = await pool.request({
      path: REVIEW_PATH,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(reviewOfPod(randomUUID())),
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    const answer = (await body.json()) as { readonly response?: { readonly patch?: string } };
    if (answer.response?.patch === undefined) throw new Error(`status ${statusCode} without a patch`);
    answeredMs.push(performance.now() - began - waitedSince(waitedBefore));
  } catch (error) {
    refused.push(String(error));
  }
}
