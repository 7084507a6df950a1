import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figuresOf } from '../../bench/figures.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { askForAdmissions } from './support/admissions.ts';
import { podsBeside } from './support/pods-beside.ts';
import {
  ask,
  askAgain,
  LARGE_REVIEW_REQUEST,
  LONG_NAMES_REQUEST,
  packetOf,
  pipelined,
  REVIEW_REQUEST,
  WITHOUT_HOST,
} from './support/requests.ts';
import { ADMISSION_P99_MS, STRENGTH } from './support/strength.ts';
import { tryAll } from './support/try-all.ts';
import { webhookVictim } from './support/victims.ts';

const plane = await sharedControlPlane();

/** A machine that was busy elsewhere for a moment is not so each time; a webhook that is slow is. Long attacks are tried once. */
const ROUNDS = STRENGTH > 1 ? 1 : 3;

test('a webhook lives through what strangers send to it, and no pod is refused meanwhile', async (t) => {
  const victim = await webhookVictim(t, plane);
  const { port, probePort, ca } = victim;
  const answeredMs: number[] = [];
  const beside = async (attacking: Promise<object>, abort: AbortSignal) => {
    const asking = askForAdmissions({ port, pid: victim.child.pid, ca }, abort);
    const both = Promise.all([attacking, asking]);
    const [[report, admissions], pods] = await podsBeside(plane.api, victim.scene.pods, both);
    assert.deepEqual(admissions.refused, [], 'reviews were refused');
    answeredMs.push(...admissions.answeredMs);
    const { count, p50, p99 } = figuresOf(admissions.answeredMs);
    if (STRENGTH > 1) assertQuick(p99);
    return { ...report, ...pods, reviews: count, p50Ms: Math.round(p50), p99Ms: Math.round(p99) };
  };
  const attacks = {
    'pipelined requests of metrics': pipelined(probePort, packetOf(ask('/metrics'))),
    'pipelined requests over TLS': { ...pipelined(port, packetOf(WITHOUT_HOST)), tls: true },
    'pipelined reviews': { ...pipelined(port, packetOf(REVIEW_REQUEST)), tls: true },
    'connections to the probes that ask nothing': { port: probePort, connections: 150 * STRENGTH },
    'TLS handshakes that never begin': { port, connections: 700 * STRENGTH },
    'connections to the probes, each of another address': {
      port: probePort,
      connections: 150 * STRENGTH,
      spread: true,
    },
    'TLS handshakes that never begin, each of another address': {
      port,
      connections: 700 * STRENGTH,
      spread: true,
    },
    'TLS handshakes that never end, each of another address': {
      port,
      connections: 700 * STRENGTH,
      first: '\x16\x03\x01\x02\x00\x01',
      spread: true,
    },
    'TLS handshakes that never end': { port, connections: 700 * STRENGTH, first: '\x16\x03\x01\x02\x00\x01' },
    'kept connections that ask now and then': {
      port,
      tls: true,
      connections: 700 * STRENGTH,
      ...askAgain(ask('/nothing'), 3_000),
    },
    'kept connections with reviews': {
      port,
      tls: true,
      connections: 70 * STRENGTH,
      ...askAgain(REVIEW_REQUEST, 100),
    },
    'kept connections with reviews of a megabyte': {
      port,
      tls: true,
      connections: 10 * STRENGTH,
      ...askAgain(LARGE_REVIEW_REQUEST, 500),
    },
    'kept connections with reviews of names of 300 kB': {
      port,
      tls: true,
      connections: 10 * STRENGTH,
      ...askAgain(LONG_NAMES_REQUEST, 500),
    },
  };
  const targets = [
    { port, tls: true },
    { port: probePort, tls: false },
  ];
  for (let round = 1; ; round += 1) {
    answeredMs.length = 0;
    await tryAll(t, victim, { attacks, targets, beside });
    // Of one short attack it would be the slowest of all.
    const { p99 } = figuresOf(answeredMs);
    if (p99 <= ADMISSION_P99_MS || round === ROUNDS) return assertQuick(p99);
    t.diagnostic(`99 % of the reviews were answered within ${Math.round(p99)} ms: once more`);
  }
});

function assertQuick(p99: number): void {
  assert.ok(p99 <= ADMISSION_P99_MS, `99 % of the reviews were answered within ${Math.round(p99)} ms`);
}
