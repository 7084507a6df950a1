import { bold, cyan, dim, green, type Line, type Piece, paragraph, red, yellow } from '../text/line.ts';
import { others, shownOf } from '../text/shown.ts';
import { type Column, table } from '../text/table.ts';
import { ago, clockTime } from '../text/time.ts';
import { type DnsView, sameValues } from './dns.ts';
import type { Attention, Count, FollowerView, SiteView, StatusView, WorkloadView } from './view.ts';

/** Pods with problems; the others are counted. */
const MAX_ATTENTION = 10;
/** Workloads; the others are counted. Each pod that somebody creates by itself is one. */
const MAX_WORKLOADS = 50;
/** Nodes of a site; the others are counted. */
const MAX_NODES = 6;

/** `now` is in milliseconds since 1970, `width` in columns. */
export function renderStatus({ followers }: StatusView, now: number, width: number): Line[] {
  const several = followers.length > 1;
  return followers.flatMap((follower, index) => [
    ...(index > 0 ? [[]] : []),
    ...(several ? [[bold(`Follower ${follower.name}`)]] : []),
    ...renderFollower(follower, now, width),
  ]);
}

function renderFollower(view: FollowerView, now: number, width: number): Line[] {
  const parts = [
    headOf(view, now, width),
    sitesTable(view, width),
    dnsTable(view.dns, now, width),
    workloadsTable(view, width),
    attentionList(view.attention, width),
  ];
  return parts
    .filter((lines) => lines.length > 0)
    .flatMap((lines, index) => (index === 0 ? lines : [[], ...lines]));
}

function headOf({ namespace, status, advice, leader }: FollowerView, now: number, width: number): Line[] {
  if (status === null) {
    return paragraph(
      '',
      [
        red('The status ConfigMap cannot be read'),
        `: see it in namespace ${namespace}. The controller corrects it within seconds while it runs.`,
      ],
      width,
    );
  }
  const { activeSite, activeNode, primary, phase, reason, epoch, since } = status;
  const place: Piece[] =
    activeSite === '' ? [yellow('No site is active yet')] : [bold(activeSite), ' is active'];
  const times: Piece[] =
    since === '' ? [] : [` since ${clockTime(since)} `, dim(`(${ago(since, now)}, epoch ${epoch})`)];
  const lines = [
    fact('Site', [...place, ...times], width),
    fact(
      'Primary',
      primary === '' ? [dim('none')] : [primary, ...(activeNode === '' ? [] : [' on ', activeNode])],
      width,
    ),
    fact('Phase', [phasePiece(phase), ...(reason === '' ? [] : [`  ${reason}`])], width),
    advice === null ? [] : fact('To do', [yellow(advice)], width),
    leader === null ? [] : fact('Leader', leaderPieces(leader, now), width),
  ];
  return lines.flat();
}

function fact(label: string, line: Line, width: number): Line[] {
  return paragraph(label.padEnd(9), line, width);
}

function phasePiece(phase: string): Piece {
  if (phase === 'Settled') return green(phase);
  return phase === 'Held' ? red(phase) : yellow(phase);
}

function leaderPieces(
  { holder, renewedAt, alive }: NonNullable<FollowerView['leader']>,
  now: number,
): Piece[] {
  if (alive) return [holder];
  const last =
    holder === '' ? 'the Lease has no holder' : `${holder} was last heard of ${ago(renewedAt, now)}`;
  return [red('The controller does not run'), `: ${last}. Nothing follows the primary until it does.`];
}

function sitesTable({ sites, status }: FollowerView, width: number): Line[] {
  if (sites.length === 0) return [];
  const columns: Column[] = [
    { title: 'SITE' },
    { title: 'STATE' },
    { title: 'READY', align: 'right' },
    { title: 'NODES', shrink: { to: 16, by: 'wrap' } },
  ];
  const rows = sites.map(({ name, active, nodes, pods }: SiteView): Line[] => [
    [active ? bold(name) : name],
    [active ? green('active') : dim(status?.activeSite === '' ? '–' : 'standby')],
    pods === null ? [dim('?')] : countCell(pods, active),
    nodesCell(nodes),
  ]);
  const unknown = sites.some(({ pods }) => pods === null)
    ? paragraph('', [dim('?: you may not list pods in all namespaces.')], width)
    : [];
  return [...table(columns, rows, width), ...unknown];
}

function nodesCell(nodes: readonly string[]): Line {
  if (nodes.length === 0) return [yellow('none')];
  const more = nodes.length - MAX_NODES;
  return [nodes.slice(0, MAX_NODES).join(', '), ...(more > 0 ? [dim(` and ${more} more`)] : [])];
}

/** Ready of all pods. On a standby site none should be ready, unless the pods are not gated. */
function countCell({ ready, total }: Count, active: boolean): Line {
  const text = `${ready}/${total}`;
  if (total === 0) return [dim('–')];
  if (!active) return [dim(text)];
  return [ready === total ? green(text) : yellow(text)];
}

function dnsTable(records: readonly DnsView[], now: number, width: number): Line[] {
  if (records.length === 0) return [];
  const columns: Column[] = [
    { title: 'DNS', shrink: { to: 16, by: 'wrap' } },
    { title: 'TYPE' },
    { title: 'WANTED', shrink: { to: 12, by: 'wrap' } },
    { title: 'ACCEPTED', shrink: { to: 10, by: 'wrap' } },
    { title: 'SEEN', shrink: { to: 10, by: 'wrap' } },
  ];
  const rows = records.map(({ name, type, wanted, accepted, seen }): Line[] => [
    [name],
    [type],
    [wanted.join(', ')],
    sighting(wanted, accepted, now),
    seenCell(wanted, seen, now),
  ]);
  const errors = records.flatMap(({ name, type, error }) =>
    error === undefined
      ? []
      : [
          ...paragraph(
            red('✗ '),
            [`${name} ${type}: ${error.text} `, dim(`(since ${ago(error.since, now)})`)],
            width,
          ),
          ...paragraph('  ', [yellow(error.action)], width),
        ],
  );
  return [...table(columns, rows, width), ...errors];
}

function sighting(wanted: readonly string[], found: DnsView['accepted'], now: number): Line {
  if (found === undefined) return [dim('not yet')];
  if (sameValues(wanted, found.values)) return [green('✓ '), dim(ago(found.at, now))];
  return [yellow('✗ '), found.values.join(', ') || 'no record'];
}

function seenCell(wanted: readonly string[], seen: DnsView['seen'], now: number): Line {
  if (seen !== undefined && seen.servers.length + seen.silent.length === 0) return [dim('no server known')];
  const silent = seen?.silent.length ?? 0;
  return [...sighting(wanted, seen, now), ...(silent > 0 ? [yellow(` (${silent} silent)`)] : [])];
}

function workloadsTable({ workloads, sites }: FollowerView, width: number): Line[] {
  if (workloads.length === 0) return [];
  const elsewhere = workloads.some((workload) => workload.sites[''] !== undefined);
  const shown = [
    ...sites.map(({ name, active }) => ({ name, active, title: name.toUpperCase() })),
    ...(elsewhere ? [{ name: '', active: true, title: 'NO SITE' }] : []),
  ];
  const columns: Column[] = [
    { title: 'READY PODS OF', shrink: { to: 24, by: 'cut' } },
    { title: 'GATE', drop: 1 },
    ...shown.map(({ title }): Column => ({ title, align: 'right', shrink: { to: 6, by: 'cut' } })),
  ];
  const some = shownOf(workloads, MAX_WORKLOADS, ({ namespace }) => namespace);
  const rows = some.map((workload): Line[] => [
    [`${workload.namespace}/${workload.name}`, dim(` ${workload.kind}`)],
    [workload.gate],
    ...shown.map(({ name, active }) => workloadCell(workload, name, active)),
  ]);
  return [...table(columns, rows, width), ...others(workloads.length - some.length)];
}

function workloadCell({ gate, sites }: WorkloadView, site: string, active: boolean): Line {
  const { ready, total } = sites[site] ?? { ready: 0, total: 0 };
  if (!active && gate !== 'none' && ready > 0) return [red(`${ready}/${total}`)];
  return countCell({ ready, total }, active || gate === 'none');
}

const PROBLEMS: Readonly<Record<Attention['problem'], string>> = {
  NotReady: 'is not ready',
  ReadyOnStandby: 'is on the wrong side',
  NoSidecar: 'has no sidecar',
  NoSite: 'is in no site',
};

function attentionList(attention: readonly Attention[], width: number): Line[] {
  const some = shownOf(attention, MAX_ATTENTION, ({ namespace }) => namespace);
  const lines = some.flatMap(({ namespace, pod, site, problem, detail }) =>
    paragraph(
      red('✗ '),
      [
        `${namespace}/${pod}`,
        ...(site === '' ? [] : [' in ', cyan(site)]),
        ` ${PROBLEMS[problem]}: ${detail}`,
      ],
      width,
    ),
  );
  return [...lines, ...others(attention.length - some.length)];
}
