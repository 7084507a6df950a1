import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PodStream } from '../support/pod-stream.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { type Attack, attack } from './support/attack.ts';
import { fuzz, seedOfRun } from './support/fuzz.ts';
import { ask, packetOf, REVIEW_REQUEST, WITHOUT_HOST } from './support/requests.ts';
import { FUZZ_LANES, STRENGTH } from './support/strength.ts';
import { underAttack } from './support/under-attack.ts';
import { webhookVictim } from './support/victims.ts';

const plane = await sharedControlPlane();
/** Of the API server for one admission, which the configuration of the webhook sets. */
const ADMISSION_LIMIT_MS = 5_000;

test('a webhook lives through what strangers send to it, and no pod is refused meanwhile', async (t) => {
  const victim = await webhookVictim(t, plane);
  const { port, probePort } = victim;
  /** The pods of others. */
  const whilePodsComeIn = async (attacking: Promise<object>) => {
    const pods = new PodStream(plane.api, victim.scene.pods);
    const report = await attacking;
    await pods.stop();
    assert.deepEqual(pods.failures, [], 'pods were refused');
    assert.ok(pods.created > 0, 'no pod was created');
    assert.ok(pods.slowestMs < ADMISSION_LIMIT_MS, `a pod took ${Math.round(pods.slowestMs)} ms`);
    return { ...report, pods: pods.created, slowestPodMs: Math.round(pods.slowestMs) };
  };
  const attacks: Readonly<Record<string, Attack>> = {
    'pipelined requests of metrics': {
      port: probePort,
      connections: 10 * STRENGTH,
      first: packetOf(ask('/metrics')),
      lifeMs: 1_500,
    },
    'pipelined requests over TLS': {
      port,
      tls: true,
      connections: 10 * STRENGTH,
      first: packetOf(WITHOUT_HOST),
      lifeMs: 1_500,
    },
    'pipelined reviews': {
      port,
      tls: true,
      connections: 10 * STRENGTH,
      first: packetOf(REVIEW_REQUEST),
      lifeMs: 1_500,
    },
    'connections to the probes that ask nothing': { port: probePort, connections: 150 * STRENGTH },
    'TLS handshakes that never begin': { port, connections: 700 * STRENGTH },
    'TLS handshakes that never end': { port, connections: 700 * STRENGTH, first: '\x16\x03\x01\x02\x00\x01' },
    'kept connections that ask now and then': {
      port,
      tls: true,
      connections: 700 * STRENGTH,
      first: ask('/nothing'),
      repeat: { text: ask('/nothing'), everyMs: 3_000 },
    },
    'kept connections with reviews': {
      port,
      tls: true,
      connections: 70 * STRENGTH,
      first: REVIEW_REQUEST,
      repeat: { text: REVIEW_REQUEST, everyMs: 100 },
    },
  };
  for (const [what, options] of Object.entries(attacks)) {
    await t.test(what, (t) => underAttack(t, victim, (signal) => whilePodsComeIn(attack(options, signal))));
  }
  const seed = seedOfRun();
  await t.test(`anything at all on its ports, HOSTILE_SEED=${seed}`, (t) =>
    underAttack(t, victim, (signal) =>
      whilePodsComeIn(
        fuzz(
          {
            targets: [
              { port, tls: true },
              { port: probePort, tls: false },
            ],
            seed,
            lanes: FUZZ_LANES,
          },
          signal,
        ),
      ),
    ),
  );
});
