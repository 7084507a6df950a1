/** What a run has measured, and how it is told. */
import type { Admission, Load } from './admission.ts';
import type { CommandLine } from './command-line.ts';
import { figuresOf, median } from './figures.ts';
import type { Following } from './following.ts';
import { type Machine, writeRun } from './machine.ts';
import type { Watched } from './moves.ts';
import type { Routing } from './routing.ts';
import { atMost, memory, type Row, ratios, times } from './rows.ts';
import type { Scale } from './scale.ts';
import type { SidecarResults } from './sidecar.ts';
import type { Start } from './starts.ts';

/** Times in milliseconds, memory in MiB. */
export interface Results {
  readonly machine: Machine;
  readonly watched: Watched;
  readonly unwatched: readonly number[];
  readonly dns: readonly number[];
  readonly starts: readonly Start[];
  readonly commands: CommandLine;
  readonly sidecar: SidecarResults;
  readonly routing: Routing;
  readonly following: Following;
  readonly admission: Admission;
  readonly scale: Scale;
}

/** Resolves to the path of the file. */
export function writeResults(results: Results): Promise<string> {
  return writeRun('', { summary: summarize(results), ...results });
}

/** The targets are those of the design's section on speed. */
export function rowsOf({
  watched,
  unwatched,
  dns,
  starts,
  commands,
  sidecar,
  routing,
  following,
  admission,
  scale,
}: Results): readonly Row[] {
  const [own, floor] = [figuresOf(watched.controller), figuresOf(watched.floor)];
  const ratio = own.p50 / floor.p50;
  const [slow, accepted, copies] = [figuresOf(unwatched), figuresOf(dns), figuresOf(scale.copiesMs)];
  const startRss = median(starts.map(({ memory }) => memory.rss));
  const startAnonymous = median(starts.map(({ memory }) => memory.anonymous));
  return [
    { what: 'primary → status, controller', figures: times(own), target: atMost('p99', own.p99, 100, 'ms') },
    { what: '                  bare client', figures: times(floor) },
    ...informerRows(watched),
    {
      what: '                  p50 of both',
      figures: `× ${ratio.toFixed(2)}`,
      target: atMost('', ratio, 2, '×'),
    },
    { what: '       with dead watches', figures: times(slow), target: atMost('max', slow.max, 10_000, 'ms') },
    {
      what: 'primary → DNS provider',
      figures: times(accepted),
      target: atMost('max', accepted.max, 3_000, 'ms'),
    },
    ...sidecarRows(sidecar),
    ...routingRows(routing),
    ...followingRows(following),
    ...admissionRows(admission),
    { what: `primary → ${scale.namespaces} copies`, figures: times(copies) },
    { what: 'start → ready', figures: times(figuresOf(starts.map(({ readyMs }) => readyMs))) },
    { what: 'start → first status', figures: times(figuresOf(starts.map(({ statusMs }) => statusMs))) },
    ...commandRows(commands),
    { what: 'memory after the start', figures: memory({ rss: startRss, anonymous: startAnonymous }) },
    { what: `memory after ${own.count} moves`, figures: memory(watched.memory) },
    {
      what: `memory with ${scale.pods} pods`,
      figures: memory(scale.memory),
      target: atMost('peak', scale.memory.peak, 150, 'MiB'),
    },
  ];
}

function informerRows({ informer }: Watched): readonly Row[] {
  if (informer === undefined) return [];
  return [
    { what: '                  informer in Go', figures: times(figuresOf(informer.ms)) },
    { what: '                  its memory', figures: memory(informer.memory) },
  ];
}

function commandRows({ helpMs, statusMs }: CommandLine): readonly Row[] {
  const [help, status] = [figuresOf(helpMs), figuresOf(statusMs)];
  return [
    { what: 'command line, --help', figures: times(help), target: atMost('p50', help.p50, 150, 'ms') },
    { what: '              status', figures: times(status), target: atMost('p50', status.p50, 400, 'ms') },
  ];
}

function routingRows({ pods, answeredMs, routedMs }: Routing): readonly Row[] {
  const answered = figuresOf(answeredMs);
  const probe = figuresOf(routedMs.readiness);
  const condition = figuresOf(routedMs.condition);
  const selector = figuresOf(routedMs.follow);
  return [
    {
      what: `primary → ${pods} pods answer`,
      figures: times(answered),
      target: atMost('p99', answered.p99, 250, 'ms'),
    },
    {
      what: 'primary → Service, by probe',
      figures: times(probe),
      target: atMost('max', probe.max, 1_500, 'ms'),
    },
    { what: '                  by condition', figures: times(condition) },
    {
      what: '                  by selector',
      figures: times(selector),
      target: atMost('p99', selector.p99, 150, 'ms'),
    },
  ];
}

function followingRows({
  services,
  pods,
  movedMs,
  serviceWrites,
  podWrites,
  memory: taken,
}: Following): readonly Row[] {
  const moved = figuresOf(movedMs);
  const writes = serviceWrites + podWrites;
  return [
    {
      what: `primary → ${services} Services`,
      figures: times(moved),
      target: atMost('max', moved.max, 3_000, 'ms'),
    },
    {
      what: '         writes for each',
      figures: `${serviceWrites.toFixed(2)} of it, ${podWrites.toFixed(2)} of its pods`,
      target: atMost('', writes, 1, ''),
    },
    {
      what: `memory with their ${pods} pods`,
      figures: memory(taken),
      target: atMost('peak', taken.peak, 150, 'MiB'),
    },
  ];
}

function sidecarRows({ flipsMs, requests, started, loaded, later }: SidecarResults): readonly Row[] {
  const flips = figuresOf(flipsMs);
  return [
    {
      what: 'primary → both sidecars answer',
      figures: times(flips),
      target: atMost('p99', flips.p99, 250, 'ms'),
    },
    {
      what: 'sidecar after the start',
      figures: memory(started),
      target: atMost('RSS', started.rss, 58, 'MiB'),
    },
    {
      what: `sidecar after ${requests.toLocaleString('en')} requests`,
      figures: memory(loaded),
      target: atMost('anonymous', loaded.anonymous, 15, 'MiB'),
    },
    {
      what: 'sidecar after as many again',
      figures: `${memory(later)}, ${later.pss.toFixed(0)} PSS`,
      target: atMost('RSS', later.rss, 58, 'MiB'),
    },
  ];
}

function admissionRows({ webhook, floor, injector, memory: taken }: Admission): readonly Row[] {
  const [own, bare] = [figuresOf(webhook.steadyMs), figuresOf(floor.steadyMs)];
  const many = (load: Load) =>
    `${Math.round(load.saturated).toLocaleString('en')} a second, ${load.cpuUs.toFixed(0)} µs of processor each`;
  return [
    { what: 'admission, 200 a second', figures: times(own, 1), target: atMost('p99', own.p99, 10, 'ms') },
    { what: '           bare handler', figures: times(bare, 1) },
    ...(injector
      ? [{ what: '           injector in Go', figures: times(figuresOf(injector.steadyMs), 1) }]
      : []),
    {
      what: '           as many as can be',
      figures: many(webhook),
      target: { text: '≥ 1,000', met: webhook.saturated >= 1_000 },
    },
    { what: '           bare handler', figures: many(floor) },
    ...(injector ? [{ what: '           injector in Go', figures: many(injector) }] : []),
    ...ratios([
      ['           throughput of both', webhook.saturated / floor.saturated, 'least', 0.5],
      ['           processor of both', webhook.cpuUs / floor.cpuUs, 'most', 2],
      ['           p99 of both', own.p99 / bare.p99, 'most', 2],
    ]),
    { what: 'webhook after that', figures: memory(taken) },
    ...(injector ? [{ what: '           injector in Go', figures: memory(injector.memory) }] : []),
  ];
}

function summarize(results: Results): readonly Row[] {
  return rowsOf(results).map(({ what, ...rest }) => ({ what: what.replace(/^ +/, '… '), ...rest }));
}
