import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { run } from '../support/binaries/command.ts';
import { assembleChart, CHART } from '../support/chart/assemble.ts';
import { findTools } from '../support/tools.ts';

interface Rendered {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly endpoints?: readonly { readonly port: string; readonly path: string }[];
    readonly ports?: readonly { readonly name: string }[];
  };
}

let folder: string;
let helm: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chart-'));
  [{ helm }] = await Promise.all([findTools(), assembleChart(folder)]);
});
after(() => rmSync(folder, { recursive: true }));

async function render(...settings: string[]): Promise<Rendered[]> {
  const site = ['controller.sites.us.nodeName=us-1', 'controller.sites.us.ip=192.0.2.1'];
  const set = [...site, ...settings].flatMap((setting) => ['--set', setting]);
  const text = await run(helm, ['template', 'x', folder, ...set], { abort: AbortSignal.timeout(60_000) });
  return parseAllDocuments(text).flatMap((document) => (document.toJS() as Rendered | null) ?? []);
}

const MONITORING = ['ServiceMonitor', 'PrometheusRule'];

test('nothing for Prometheus or Grafana is made unless it is asked for', async () => {
  const kinds = (await render()).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  assert.deepEqual(
    kinds.filter((kind) => /ServiceMonitor|PrometheusRule|dashboard/.test(kind)),
    [],
  );
});

test('the rules and the dashboard come as they are in their files, with the labels that are asked for', async () => {
  const objects = await render(
    'metrics.prometheusRule=true',
    'metrics.dashboard=true',
    'metrics.serviceMonitor=true',
    'metrics.labels.release=prom',
  );
  const read = (name: string) => readFileSync(join(CHART, 'files', name), 'utf8');
  const rule = objects.find(({ kind }) => kind === 'PrometheusRule');
  assert.deepEqual(rule?.spec, parse(read('alerts.yaml')));
  const dashboard = objects.find(({ metadata }) => metadata.name.endsWith('-dashboard'));
  const text = dashboard?.data?.['kube-site-follower.json'] ?? '';
  assert.deepEqual(JSON.parse(text), JSON.parse(read('dashboard.json')));
  assert.equal(dashboard?.metadata.labels?.grafana_dashboard, '1');
  const labelled = [dashboard, ...objects.filter(({ kind }) => MONITORING.includes(kind))];
  assert.deepEqual(
    labelled.map((object) => object?.metadata.labels?.release),
    Array(4).fill('prom'),
  );
});

test('each ServiceMonitor selects one Service that has its port', async () => {
  for (const [enabled, count] of [
    ['true', 2],
    ['false', 1],
  ] as const) {
    const objects = await render('metrics.serviceMonitor=true', `webhook.enabled=${enabled}`);
    const monitors = objects.filter(({ kind }) => kind === 'ServiceMonitor');
    assert.equal(monitors.length, count);
    for (const { spec } of monitors) {
      const wanted = Object.entries(spec?.selector?.matchLabels ?? {});
      const services = objects.filter(
        ({ kind, metadata }) =>
          kind === 'Service' && wanted.every(([key, value]) => metadata.labels?.[key] === value),
      );
      assert.equal(services.length, 1, JSON.stringify(wanted));
      const ports = services[0]?.spec?.ports?.map(({ name }) => name) ?? [];
      for (const { port, path } of spec?.endpoints ?? []) {
        assert.ok(ports.includes(port), `${port} is none of ${ports.join()}`);
        assert.equal(path, '/metrics');
      }
    }
  }
});
