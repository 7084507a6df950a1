/** The sidecar behind the controller: how fast it answers the new site, and what it takes of memory under load. */
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { STATUS_CONFIGMAP } from '../contract/names.ts';
import { AnswerStream } from '../test/support/answer-stream.ts';
import type { ControlPlane } from '../test/support/control-plane.ts';
import { createNamespace } from '../test/support/seed.ts';
import { type Credentials, SHIPPED_BUNDLE, type Sidecar, startSidecar } from '../test/support/sidecar.ts';
import { letSidecarsRead, podCredentials } from '../test/support/sidecar-access.ts';
import { SITES } from '../test/support/two-sites.ts';
import { FOLLOW_LIMIT_MS, type Follows, follow, type Lane, openLane, timeMove } from './lane.ts';
import { type Memory, memoryOf } from './memory.ts';

export interface SidecarResults {
  /** From the move of the primary until the sidecars of both sites answer the new one. */
  readonly flipsMs: readonly number[];
  readonly started: Memory;
  readonly requests: number;
  /** After that many requests, with the watch on the API server open. */
  readonly loaded: Memory;
  /** After as many again, and a rest. */
  readonly later: Memory;
}

export interface SidecarSize {
  readonly flips: number;
  readonly requests: number;
}

/** The first moves are not counted: the controller is still being compiled. */
const WARM_UP = 5;
const SETTLE_MS = 3_000;
const CONNECTIONS = 16;

export async function measureSidecar(
  plane: ControlPlane,
  { flips, requests }: SidecarSize,
): Promise<SidecarResults> {
  await using ends = new AsyncDisposableStack();
  const lane = await openLane(plane, ends);
  const { namespace } = lane.cluster;
  await letSidecarsRead(plane, { namespace, name: STATUS_CONFIGMAP });
  const credentials = await podCredentials(plane, await createNamespace(plane, 'app'));
  ends.defer(() => credentials.remove());
  await follow(lane, ends);
  const sidecars = await Promise.all(SITES.map(({ nodeName }) => launch(lane, credentials, nodeName, ends)));
  const [measured] = sidecars;
  if (measured === undefined) throw new Error('There are no sites');
  await delay(SETTLE_MS);
  const started = await memoryOf(measured.process.pid);

  const streams = await Promise.all(sidecars.map(({ url }) => AnswerStream.open(url)));
  ends.defer(() => {
    for (const stream of streams) stream.close();
  });
  const flipsMs: number[] = [];
  for (let move = 0; move < WARM_UP + flips; move += 1) {
    const ms = await timeMove(lane, answered(streams));
    if (move >= WARM_UP) flipsMs.push(ms);
  }
  await load(measured, requests);
  const loaded = await memoryOf(measured.process.pid);
  await load(measured, requests);
  await delay(SETTLE_MS);
  return { flipsMs, started, requests, loaded, later: await memoryOf(measured.process.pid) };
}

/** Resolves when it answers from the API. */
async function launch(
  { plane, cluster: { namespace } }: Lane,
  credentials: Credentials,
  nodeName: string,
  ends: AsyncDisposableStack,
): Promise<Sidecar> {
  const { hostname: host, port } = new URL(plane.url);
  const apiServer = { host, port: Number(port) };
  const sidecar = await startSidecar({ bundle: SHIPPED_BUNDLE, nodeName, namespace, apiServer, credentials });
  ends.defer(async () => void (await sidecar.process.stop()));
  await sidecar.until('it answers from the API', ({ source, stale }) => source === 'api' && !stale);
  return sidecar;
}

function answered(streams: readonly AnswerStream[]): Follows {
  return async ({ name }) => {
    const told = streams.map((stream) =>
      stream.until(({ activeSite }) => activeSite === name, FOLLOW_LIMIT_MS),
    );
    return Math.max(...(await Promise.all(told)).map(({ at }) => at));
  };
}

async function load({ url }: Sidecar, requests: number): Promise<void> {
  const pool = new Pool(url, { connections: CONNECTIONS });
  let left = requests;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      const { statusCode, body } = await pool.request({ method: 'GET', path: '/active' });
      await body.dump();
      if (statusCode !== 200) throw new Error(`/active was answered by ${statusCode}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  await pool.close();
}
