import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { PodStream } from '../support/pod-stream.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { type Attack, attack } from './support/attack.ts';
import { ask, packetOf, WITHOUT_HOST } from './support/requests.ts';
import { STRENGTH } from './support/strength.ts';
import { underAttack } from './support/under-attack.ts';
import { webhookVictim } from './support/victims.ts';

const plane = await sharedControlPlane();
/** Of the API server for one admission, which the configuration of the webhook sets. */
const ADMISSION_LIMIT_MS = 5_000;

const REVIEW = JSON.stringify({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: { uid: '1', kind: { group: '', version: 'v1', kind: 'X' }, operation: 'CREATE', object: {} },
});
const ASK_REVIEW = `POST /mutate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${REVIEW.length}\r\n\r\n${REVIEW}`;

test('a webhook lives through what strangers send to it, and no pod is refused meanwhile', async (t) => {
  const victim = await webhookVictim(t, plane);
  const { port, probePort } = victim;
  const survives = (t: TestContext, options: Attack) =>
    underAttack(t, victim, async (signal) => {
      const pods = new PodStream(plane.api, victim.scene.pods);
      const report = await attack(options, signal);
      await pods.stop();
      assert.deepEqual(pods.failures, [], 'pods were refused');
      assert.ok(pods.created > 0, 'no pod was created');
      assert.ok(pods.slowestMs < ADMISSION_LIMIT_MS, `a pod took ${Math.round(pods.slowestMs)} ms`);
      return { ...report, pods: pods.created, slowestPodMs: Math.round(pods.slowestMs) };
    });
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
      first: packetOf(ASK_REVIEW),
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
      first: ASK_REVIEW,
      repeat: { text: ASK_REVIEW, everyMs: 100 },
    },
  };
  for (const [what, options] of Object.entries(attacks)) await t.test(what, (t) => survives(t, options));
});
