/**
 * The primary moves, in each way that it can: everything follows, and no request goes astray. What is timed is timed
 * before the clients begin to ask and a bare probe is told beside it, as they take processors from what is measured.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { figuresOf } from '../../../bench/figures.ts';
import { answersAfter } from '../support/answers.ts';
import { RELEASE_NAMESPACE } from '../support/helm.ts';
import { REJOIN_MS } from '../support/limits.ts';
import type { Move } from '../support/recorder.ts';
import type { Suite } from '../support/suite.ts';
import { WAY_NAMES, WAYS, type Way } from '../support/workload.ts';

/** The design's targets, milliseconds; for the table. */
const TARGETS_MS: Readonly<Record<Way, number>> = { web: 1_500, gated: 1_500, followed: 150 };
const ANSWERED_MS = 250;
/** What fails a run. A busy machine is late by itself, so these are generous, and the figures are for people to judge. */
const LIMITS_MS: Readonly<Record<Way, number>> = { web: 1_500, gated: 3_000, followed: 1_500 };
const ANSWERED_LIMIT_MS = 1_500;
/** One move in twenty may be later. */
const ALLOWED_LATE = 0.05;
const PROBE_PERIOD_MS = 1_000;
const KILLS = 3;
const RUN_MS = 120_000;

export function moveCases(suite: () => Suite): void {
  test('switchovers, timed', async (context) => {
    if (!suite().isAt(context, 'routed')) return;
    const { settings } = suite();
    const moves = await switchovers(suite(), settings.switchovers);
    await judgeSpeed(suite(), moves);
    await suite().settled(60_000);
  });

  test('switchovers while clients ask', async (context) => {
    if (!suite().isAt(context, 'routed')) return;
    const { settings, workload, recorder, results, floor } = suite();
    await floor.begin(recorder.activeSite ?? '');
    await workload.createClients();
    await workload.runs('client', RUN_MS);
    suite().reached('workload');
    const from = Date.now();
    const moves = await switchovers(suite(), settings.askedSwitchovers);
    await suite().incidents.told({ title: `${moves.length} switchovers`, from, shown: 5 });
    for (const way of WAY_NAMES) {
      const took = moves.map((move) => routedAfter(move, way));
      results.times(`while clients ask: currentPrimary → endpoints, ${WAYS[way].title}`, took);
    }
    const floors = moves.map((move) => floor.samples.get(move)).filter((ms) => ms !== undefined);
    results.times('  the same by a bare probe, at the same moments', floors);
    await suite().settled(60_000);
  });

  test('the pod of the primary is killed, again and again', async (context) => {
    if (!suite().isAt(context, 'workload')) return;
    await suite().settled(REJOIN_MS);
    const from = Date.now();
    for (let round = 0; round < KILLS; round += 1) {
      await suite().moves('primary killed', () => suite().cluster.killPrimary());
      await suite().settled(REJOIN_MS);
    }
    await suite().incidents.told({ title: `Primary’s pod killed, ${KILLS} times`, from });
  });

  test('the leader is killed in the middle of a switchover', async (context) => {
    if (!suite().isAt(context, 'workload')) return;
    await suite().settled(REJOIN_MS);
    const leader = await suite().release.leader();
    const from = Date.now();
    await suite().moves('leader killed', async () => {
      await suite().cluster.switchover();
      await suite().cluster.killPod(RELEASE_NAMESPACE, leader.name);
    });
    await suite().settled(REJOIN_MS);
    await suite().incidents.told({ title: 'Leader killed in a switchover', from });
    await suite().release.ready('controller', 60_000);
  });
}

async function switchovers(suite: Suite, count: number): Promise<readonly Move[]> {
  const { cluster, recorder } = suite;
  await suite.settled(60_000);
  const first = recorder.moves.length;
  for (let round = 0; round < count; round += 1) {
    // Probes are due once a second: without this all moves might come at the same moment of it.
    await delay(PROBE_PERIOD_MS * Math.random());
    await suite.moves('switchover', () => cluster.switchover());
    await suite.healthy();
  }
  return recorder.moves.slice(first);
}

/** Milliseconds until the Service routed to the new site alone; infinite if it never did. */
function routedAfter({ at, routedAt }: Move, way: Way): number {
  return (routedAt[way] ?? Number.POSITIVE_INFINITY) - at;
}

async function judgeSpeed(suite: Suite, moves: readonly Move[]): Promise<void> {
  const { results } = suite;
  const took = (end: (move: Move) => number | undefined) =>
    moves.map((move) => (end(move) ?? Number.POSITIVE_INFINITY) - move.at);
  results.times(
    'currentPrimary → told by the API server',
    took(({ seenAt }) => seenAt),
  );
  results.times(
    'currentPrimary → status',
    took(({ statusAt }) => statusAt),
  );
  const { sidecars, applications } = await answersAfter(suite.workload, moves);
  const target = `target: p99 ${ANSWERED_MS} ms`;
  results.times('currentPrimary → every sidecar answers the new site', sidecars, target);
  results.times('currentPrimary → every application has asked `/active`, and has it', applications, target);
  for (const way of WAY_NAMES) {
    // The endpoints may be told before the move is: then there is nothing to say of a first change.
    const first = took(({ firstAt }) => firstAt[way]).filter(Number.isFinite);
    const all = moves.map((move) => routedAfter(move, way));
    results.times(`currentPrimary → endpoints, ${WAYS[way].title}: first change`, first);
    results.times(
      `currentPrimary → endpoints, ${WAYS[way].title}: all right`,
      all,
      `target: p99 ${TARGETS_MS[way]} ms`,
    );
  }
  results.keep('switchovers', { moves, sidecars, applications });

  for (const way of WAY_NAMES) {
    const late = moves.filter((move) => routedAfter(move, way) > LIMITS_MS[way]);
    const allowed = Math.floor(moves.length * ALLOWED_LATE);
    assert.ok(late.length <= allowed, `${WAYS[way].title}: too late were ${JSON.stringify(late)}`);
  }
  const active = figuresOf(applications);
  assert.ok(active.p50 <= ANSWERED_LIMIT_MS, `/active: ${active.p50} ms (p50)`);
}
