/** The lanes of the picture, from what was recorded. */
import { HEALTHY } from '../../../cnpg/cluster.ts';
import type { Request } from './requests.ts';
import type { Suite } from './suite.ts';
import type { Bar, Lane, Panel } from './timeline-svg.ts';
import { WAY_NAMES, WAYS, type Way } from './workload.ts';

export interface Extent {
  /** Milliseconds since 1970, as the others. */
  readonly zero: number;
  readonly from: number;
  readonly to: number;
}

/** Failures that are closer than that are one bar. */
const JOIN_MS = 60;

export function panelOf(
  suite: Pick<Suite, 'sites' | 'recorder' | 'clients'>,
  title: string,
  extent: Extent,
): Panel {
  const { zero, from, to } = extent;
  const seconds = (at: number) => (at - zero) / 1_000;
  const sites = [...suite.sites.keys()];
  const { timeline } = suite.recorder;
  const siteLane = (name: string, lane: string): Lane => ({
    name,
    bars: timeline.spans(lane, from, to).map((span) => ({
      from: seconds(span.from),
      to: seconds(span.to),
      label: span.value,
      kind: sites.includes(span.value) ? sites.indexOf(span.value) : 'off',
    })),
  });
  const readyLanes = (service: string, name: string): Lane[] =>
    sites.map((site, index) => ({
      name: `${name} ${site}`,
      bars: timeline.spans(`${service} ${site}`, from, to).map((span) => ({
        from: seconds(span.from),
        to: seconds(span.to),
        label: `${span.value} ready`,
        kind: span.value === '0' ? 'off' : index,
      })),
    }));
  const phase: Lane = {
    name: 'CloudNativePG',
    bars: timeline.spans('phase', from, to).map((span) => ({
      from: seconds(span.from),
      to: seconds(span.to),
      label: span.value,
      kind: span.value === HEALTHY ? 'off' : 'change',
    })),
  };
  const nodes: Lane[] = [...suite.sites.values()].flat().map((node) => ({
    name: node,
    bars: timeline.spans(`node ${node}`, from, to).map((span) => ({
      from: seconds(span.from),
      to: seconds(span.to),
      label: span.value,
      kind: span.value === 'Ready' ? 'off' : 'bad',
    })),
  }));
  const lanesOf = (way: Way): readonly Lane[] => [
    ...readyLanes(way, `${WAYS[way].title}: endpoints`),
    ...sites.map((site) => ({
      name: `${WAYS[way].title}: client in ${site}`,
      bars: clientBars(suite.clients.between(site, way, from, to), sites, seconds),
    })),
  ];
  const dns = timeline.marks('DNS').length > 0 ? [siteLane('DNS record', 'DNS')] : [];
  const lost = nodes.filter(({ bars }) => bars.some(({ kind }) => kind === 'bad'));
  const lanes = [
    ...lost,
    phase,
    siteLane('currentPrimary', 'primary'),
    siteLane('status', 'status'),
    ...dns,
    ...WAY_NAMES.flatMap(lanesOf),
  ];
  return { title, from: Math.min(0, seconds(from)), to: seconds(to), lanes };
}

/** Which site answered, and where none did. */
function clientBars(
  requests: readonly Request[],
  sites: readonly string[],
  seconds: (at: number) => number,
): readonly Bar[] {
  const bars: { from: number; to: number; site: string | undefined }[] = [];
  for (const { sentAt, endedAt, site } of requests.toSorted((a, b) => a.sentAt - b.sentAt)) {
    const last = bars.at(-1);
    if (last !== undefined && last.site === site && sentAt - last.to < JOIN_MS)
      last.to = Math.max(last.to, endedAt);
    else bars.push({ from: sentAt, to: endedAt, site });
  }
  return bars.map(({ from, to, site }) => ({
    from: seconds(from),
    to: seconds(to),
    label: site ?? 'failed',
    kind: site === undefined ? 'bad' : sites.indexOf(site),
  }));
}
