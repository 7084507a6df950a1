import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { Status } from '../contract/status.ts';
import { KubeError } from '../kubernetes/errors.ts';
import { statusAt } from '../test/support/status.ts';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { createLog } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { Sites } from './sites/sites.ts';
import { Telemetry } from './telemetry.ts';

const US = statusAt('us');
const EU: Status = { ...US, activeSite: 'eu', epoch: 8 };
const LOST: Status = { ...US, phase: 'Held', reason: 'PodNotFound: it is gone' };
const MOVING_UNKNOWN: Status = { ...LOST, phase: 'Transitioning' };
const LOOK = { kind: 'located', primary: 'pg-1', node: 'us-1', site: 'us' } as const;
const SITES = new Sites(['us', 'eu'].map((name) => ({ name, nodeNames: [`${name}-1`] })));

let clock: VirtualClock;
let metrics: Metrics;
let lines: Record<string, unknown>[];
let telemetry: Telemetry;

beforeEach(() => {
  clock = new VirtualClock();
  metrics = createMetrics('test');
  lines = [];
  const write = (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>);
  const log = createLog({ level: 'info', destination: { write } });
  telemetry = new Telemetry('default', SITES, { log, metrics, clock });
});

async function value(series: string): Promise<number | undefined> {
  const text = (await metrics.expose()).split('\n');
  const line = text.find((each) => each.startsWith(`kube_site_follower_${series} `));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ')));
}

/** Level and message of what was logged. */
const logged = () => lines.map(({ level, msg }) => `${String(level)}: ${String(msg)}`);

describe('a pass', () => {
  const failure = (status: number, reason: string) => new KubeError('it failed', { status, reason });
  const cases = [
    ['that wrote', { wrote: true }, 'ok', 'written', []],
    ['without a change', { wrote: false }, 'ok', undefined, []],
    [
      'that met a conflict',
      { wrote: false, error: failure(409, 'Conflict') },
      'failed',
      'conflict',
      ['info: status conflict, reconciling again'],
    ],
    [
      'that failed',
      { wrote: false, error: failure(500, 'InternalError') },
      'failed',
      'failed',
      ['warn: reconcile failed, retrying'],
    ],
  ] as const;
  for (const [name, result, outcome, write, lines] of cases) {
    test(`${name} is counted and logged as such`, async () => {
      telemetry.onReconciled({ ms: 120, resolved: LOOK, ...result });
      assert.equal(await value(`passes_total{follower="default",outcome="${outcome}"}`), 1);
      for (const each of ['written', 'conflict', 'failed']) {
        const count = await value(`status_writes_total{follower="default",outcome="${each}"}`);
        assert.equal(count, each === write ? 1 : undefined, each);
      }
      const fresh = await value('last_pass_timestamp_seconds{follower="default"}');
      assert.equal(fresh, outcome === 'ok' ? clock.now() / 1000 : undefined);
      assert.equal(await value('pass_duration_seconds_sum{follower="default"}'), 0.12);
      assert.deepEqual(logged(), lines);
    });
  }

  test('that could not ask the API counts as failed, though nothing was thrown', async () => {
    telemetry.onReconciled({
      ms: 1,
      resolved: { kind: 'unknown', reason: 'ApiError', message: '' },
      wrote: true,
    });
    assert.equal(await value('passes_total{follower="default",outcome="failed"}'), 1);
  });
});

describe('a change of the status', () => {
  const cases: readonly [string, Status | undefined, Status, string][] = [
    ['to another site', US, EU, 'info: active site changed'],
    ['to the first site', undefined, US, 'info: active site changed'],
    ['to a hold', US, LOST, 'warn: holding the last site'],
    ['to a hold while it says that it moves', US, MOVING_UNKNOWN, 'warn: holding the last site'],
    ['to a move', US, { ...MOVING_UNKNOWN, reason: 'Moving: to pg-2' }, 'info: status changed'],
    ['to a hold without any site', undefined, { ...LOST, activeSite: '' }, 'warn: holding the last site'],
    ['to another node', US, { ...US, activeNode: 'us-2' }, 'info: status changed'],
    ['back from a hold', LOST, US, 'info: status changed'],
  ];
  for (const [name, before, after, line] of cases) {
    test(`${name} is logged with what it is now`, () => {
      telemetry.onStatus({ before, after, movedAt: undefined });
      assert.deepEqual(logged(), [line]);
      const { site, node, phase, epoch } = lines[0] ?? {};
      assert.deepEqual(
        [site, node, phase, epoch],
        [after.activeSite, after.activeNode, after.phase, after.epoch],
      );
      if (after.phase === 'Held') assert.equal(lines[0]?.reason, after.reason);
    });
  }

  test('is shown by the gauges, one of each kind', async () => {
    telemetry.onStatus({ before: undefined, after: US, movedAt: undefined });
    telemetry.onStatus({ before: US, after: LOST, movedAt: undefined });
    const shown = { 'phase="Settled"': 0, 'phase="Held"': 1, 'phase="Transitioning"': 0 };
    for (const [label, expected] of Object.entries(shown)) {
      assert.equal(await value(`phase{follower="default",${label}}`), expected);
    }
    assert.equal(await value('held{follower="default",reason="PodNotFound"}'), 1);
    assert.equal(await value('held{follower="default",reason="PrimaryEmpty"}'), 0);
    assert.equal(await value('active_site{follower="default",site="us"}'), 1);
    assert.equal(await value('epoch{follower="default"}'), 7);
  });

  const movedBefore = (ms: number) => new Date(clock.now() - ms).toISOString();
  for (const [name, before, after, movedAt, expected] of [
    ['is measured when the service says when it moved', US, EU, () => movedBefore(340), 340],
    ['is not measured when it does not say', US, EU, () => undefined, undefined],
    ['is not measured when the clocks disagree', US, EU, () => movedBefore(-50), undefined],
    ['is not measured when the text is no time', US, EU, () => 'yesterday', undefined],
    ['is not measured when nothing was known before', undefined, EU, () => movedBefore(340), undefined],
    ['is not measured within the site', US, US, () => movedBefore(340), undefined],
  ] as const) {
    test(name, async () => {
      telemetry.onStatus({ before, after, movedAt: movedAt() });
      const sum = await value('primary_move_to_status_seconds_sum{follower="default"}');
      assert.equal(sum, expected === undefined ? undefined : expected / 1000);
    });
  }
});

describe('a signal', () => {
  const step = (failures: number) =>
    telemetry.signal({
      signal: 'dns',
      outcome: failures === 0 ? 'applied' : 'failed',
      failures,
      ...(failures > 0 && { error: new Error('refused') }),
    });
  const behind = () => value('signal_behind_since_timestamp_seconds{follower="default",signal="dns"}');

  test('is behind from its first failure until its next success', async () => {
    step(0);
    assert.equal(await behind(), 0);
    const since = clock.now() / 1000;
    step(1);
    await clock.advance(5_000);
    step(2);
    assert.equal(await behind(), since);
    assert.equal(await value('signal_failures{follower="default",signal="dns"}'), 2);
    step(0);
    assert.equal(await behind(), 0);
    assert.equal(
      await value('signal_applications_total{follower="default",signal="dns",outcome="failed"}'),
      2,
    );
    assert.deepEqual(logged(), Array(2).fill('warn: signal failed, retrying'));
  });
});
