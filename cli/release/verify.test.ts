import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROGRAM, STATUS_CONFIGMAP } from '../../contract/names.ts';
import { encodeStatus, type Phase } from '../../contract/status.ts';
import type { KubeApi } from '../../kubernetes/api.ts';
import { KubeError } from '../../kubernetes/errors.ts';
import { explain } from '../../runtime/explain.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { verify } from './verify.ts';

const LIMIT_MS = 10_000;
const WEBHOOK = 'follower-webhook';

interface World {
  readonly phase?: Phase;
  readonly reason?: string;
  readonly renewedAgo?: number;
  readonly caBundle?: string;
  readonly missing?: string;
}

/** Runs it to its end in a world that `change` gives for each look. */
async function attempt(
  change: (look: number) => World,
  handshake: () => Promise<void> = async () => undefined,
) {
  const clock = new VirtualClock();
  const began = clock.now();
  const lines: string[] = [];
  let looks = 0;
  const get = async (_: unknown, { name }: { name: string }) => {
    if (name === STATUS_CONFIGMAP) looks += 1;
    const { phase = 'Settled', reason = '', renewedAgo = 0, caBundle, missing } = change(Math.max(looks, 1));
    if (name === missing) throw new KubeError('GET /x failed with 404', { status: 404, reason: 'NotFound' });
    const renewTime = new Date(began - renewedAgo).toISOString();
    const times = { since: renewTime, lastUpdated: renewTime };
    const status = {
      activeSite: 'us-east',
      activeNode: 'a',
      primary: 'pg-1',
      phase,
      reason,
      epoch: 1,
      ...times,
    };
    const objects: Record<string, object> = {
      [PROGRAM]: { spec: { holderIdentity: 'pod-1', renewTime, leaseDurationSeconds: 15 } },
      [STATUS_CONFIGMAP]: { data: encodeStatus({ ...status, sites: {} }) },
      [WEBHOOK]: { webhooks: [{ clientConfig: caBundle === undefined ? {} : { caBundle } }] },
    };
    return objects[name];
  };
  const ended = verify(
    { namespace: 'ops', statuses: [STATUS_CONFIGMAP], webhook: WEBHOOK, timeoutMs: LIMIT_MS },
    { api: { get: get as KubeApi['get'] }, clock, say: (line) => lines.push(line), handshake },
    new AbortController().signal,
  ).then(
    () => undefined,
    (error: unknown) => explain(error),
  );
  await clock.advance(3 * LIMIT_MS);
  return { problem: await ended, lines };
}

const CA = Buffer.from('authority').toString('base64');

test('it waits for a database that is only being made, and tells what holds', async () => {
  const { problem, lines } = await attempt((look) =>
    look < 3
      ? { phase: 'Held', reason: 'ClusterNotFound: Cluster postgres/pg-cluster does not exist', caBundle: CA }
      : { caBundle: CA },
  );
  assert.equal(problem, undefined);
  assert.deepEqual(lines, [
    `waiting: ConfigMap ops/${STATUS_CONFIGMAP}: Held, ClusterNotFound: Cluster postgres/pg-cluster does not exist`,
    'controller: pod-1 leads',
    `${STATUS_CONFIGMAP}: Settled, us-east is active with pg-1`,
    `webhook: ${WEBHOOK}.ops.svc answers with a certificate that the API server trusts`,
  ]);
});

for (const [what, world, says] of [
  ['no status', { missing: STATUS_CONFIGMAP, caBundle: CA }, /has no status yet/],
  ['no Lease', { missing: PROGRAM, caBundle: CA }, /no controller leads: are its pods running/],
  ['a Lease that nobody renews', { renewedAgo: 90_000, caBundle: CA }, /no controller leads since/],
  ['a webhook without a certificate', {}, /no caBundle yet/],
] as const) {
  test(`it ends with what is wrong: ${what}`, async () => {
    const { problem } = await attempt(() => world);
    assert.match(problem ?? '', says);
  });
}

test('all that is wrong is told together', async () => {
  const { problem } = await attempt(
    () => ({ phase: 'Transitioning', reason: 'SwitchoverUnderWay: x', caBundle: CA }),
    () => Promise.reject(new Error('no answer')),
  );
  assert.match(problem ?? '', /Transitioning, SwitchoverUnderWay: x; no answer/);
});
