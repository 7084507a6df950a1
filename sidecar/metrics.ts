import { VERSION } from '../contract/version.ts';
import type { Config } from './config.ts';
import type { ConnectionState } from './connection-state.ts';
import type { Hooks } from './hooks.ts';
import type { Monitor } from './monitor.ts';

/** Prometheus text; docs/sidecar.md explains each metric. */
export function metricsText(
  { nodeName: node, gate }: Pick<Config, 'nodeName' | 'gate'>,
  monitor: Pick<Monitor, 'view' | 'counts' | 'unconfirmedSeconds'>,
  connection: Pick<ConnectionState, 'isUp' | 'failures'>,
  hooks: Pick<Hooks, 'counts'>,
): string {
  const { active, stale, epoch, site, activeSite: active_site } = monitor.view().answer;
  const readings = [...monitor.counts].map(([key, count]) => {
    const [source = '', verdict = ''] = key.split(' ');
    return [count, { source, verdict }] as const;
  });
  return [
    family('active', [Number(active)]),
    family('stale', [Number(stale)]),
    family('epoch', [epoch]),
    family('info', [1, { version: VERSION, node, site, active_site, gate }]),
    family('unconfirmed_seconds', [monitor.unconfirmedSeconds()]),
    family('readings_total', ...readings),
    family('api_connected', [Number(connection.isUp)]),
    family('api_failures_total', [connection.failures]),
    family(
      'hook_calls_total',
      ...[...hooks.counts].map(([key, count]) => {
        const [hook = '', outcome = ''] = key.split(' ');
        return [count, { hook, outcome }] as const;
      }),
    ),
  ].join('');
}

type Series = readonly [value: number, labels?: Readonly<Record<string, string>>];

function family(name: string, ...series: readonly Series[]): string {
  const full = `kube_site_follower_sidecar_${name}`;
  const lines = series.map(([value, labels = {}]) => {
    const pairs = Object.entries(labels)
      .map(([label, text]) => `${label}=${JSON.stringify(text)}`)
      .join();
    return `${full}{${pairs}} ${value}\n`;
  });
  return `# TYPE ${full} ${name.endsWith('_total') ? 'counter' : 'gauge'}\n${lines.join('')}`;
}
