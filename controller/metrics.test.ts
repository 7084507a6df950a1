import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics, METRICS, showOneOf } from './metrics.ts';

test('every metric of the table is exposed with its help, its type and a good name', async () => {
  const text = await createMetrics('1.2.3').expose();
  for (const { name, kind, help } of Object.values(METRICS)) {
    assert.ok(text.includes(`# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n`), name);
    assert.match(name, /^(kube_site_follower|process)_[a-z_]+$/);
    // https://prometheus.io/docs/practices/naming/: counters end in _total, nothing else does.
    assert.equal(name.endsWith('_total'), kind === 'counter', name);
  }
});

test('the build and the process are told without anybody setting them', async () => {
  const text = await createMetrics('1.2.3').expose();
  assert.match(text, /^kube_site_follower_build_info\{version="1\.2\.3",node="v\d+/m);
  assert.ok(sample(text, 'process_resident_memory_bytes') > 10_000_000);
  const started = sample(text, 'process_start_time_seconds');
  assert.ok(Math.abs(Date.now() / 1000 - process.uptime() - started) < 5);
});

test('processor time counts up and is not counted twice', async () => {
  const metrics = createMetrics('1');
  const first = sample(await metrics.expose(), 'process_cpu_seconds_total');
  const second = sample(await metrics.expose(), 'process_cpu_seconds_total');
  assert.ok(first > 0 && second >= first && second < first * 1.9, `${first} then ${second}`);
});

test('two controllers in one process count apart', async () => {
  const [one, other] = [createMetrics('1'), createMetrics('1')];
  one.leaderTransitions.inc();
  assert.equal(sample(await one.expose(), 'kube_site_follower_leader_transitions_total'), 1);
  assert.equal(sample(await other.expose(), 'kube_site_follower_leader_transitions_total'), 0);
});

test('one of several is 1, the others are 0', async () => {
  const metrics = createMetrics('1');
  showOneOf(metrics.activeSite, { follower: 'default' }, 'site', ['a', 'b'], 'a');
  showOneOf(metrics.activeSite, { follower: 'default' }, 'site', ['a', 'b'], 'b');
  const text = await metrics.expose();
  assert.equal(sample(text, 'kube_site_follower_active_site{follower="default",site="a"}'), 0);
  assert.equal(sample(text, 'kube_site_follower_active_site{follower="default",site="b"}'), 1);
  showOneOf(metrics.activeSite, { follower: 'default' }, 'site', ['a', 'b'], undefined);
  assert.equal(
    sample(await metrics.expose(), 'kube_site_follower_active_site{follower="default",site="b"}'),
    0,
  );
});

function sample(text: string, series: string): number {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  assert.ok(line, `no ${series}`);
  return Number(line.slice(series.length));
}
