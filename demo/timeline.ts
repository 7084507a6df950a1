/** The picture of one move: which site each part leads to, and when that changes. The same figures give the same bytes. */

/** Milliseconds from the moment the new primary is promoted. */
export interface Timeline {
  readonly from: string;
  readonly to: string;
  readonly statusMs: number;
  readonly podsMs: number;
  readonly serviceMs: number;
  readonly dnsMs: number;
}

const WIDTH = 760;
const LEFT = 190;
const RIGHT = WIDTH - 24;
/** Where the promotion is; what comes before it is not to scale. */
const ZERO = LEFT + 130;
const STOPPED = LEFT + 70;
const TOP = 78;
const ROW = 38;
const BAR = 22;
const FIRST_MS = 10;
const LAST_MS = 10_000;
const TICKS: readonly (readonly [number, string])[] = [
  [10, '10 ms'],
  [100, '100 ms'],
  [1_000, '1 s'],
  [10_000, '10 s'],
];

const STYLE = `
  text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328; }
  .page { fill: #ffffff; } .line { stroke: #d1d9e0; } .zero { stroke: #1f2328; stroke-dasharray: 3 3; }
  .old { fill: #c8d1da; } .new { fill: #0969da; } .none { fill: none; stroke: #d1242f; stroke-dasharray: 4 3; }
  .title { font-weight: 600; font-size: 15px; } .small, .tick { font-size: 12px; fill: #59636e; } .time { font-weight: 600; fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; } .page { fill: #0d1117; } .line { stroke: #3d444d; } .zero { stroke: #f0f6fc; }
    .old { fill: #4a535e; } .new { fill: #4493f8; } .none { stroke: #f85149; } .small, .tick { fill: #9198a1; } .time { fill: #0d1117; }
  }
`;

export function timelineSvg(timeline: Timeline): string {
  const { from, to, statusMs, podsMs, serviceMs, dnsMs } = timeline;
  const rows: readonly (readonly [string, number])[] = [
    ['Status ConfigMap', statusMs],
    ['/active in every pod', podsMs],
    ['Service endpoints', serviceMs],
    ['DNS provider', dnsMs],
  ];
  const bottom = TOP + (rows.length + 1) * ROW;
  const height = bottom + 52;
  const parts = [
    `<rect class="page" width="${WIDTH}" height="${height}" rx="8"/>`,
    text(24, 30, 'The primary fails over to another site, and everything else follows', 'title'),
    legend(24, 'old', `leads to ${from}`),
    legend(190, 'new', `leads to ${to}`),
    legend(356, 'none', 'the operator fails over'),
    ...TICKS.map(([ms, label]) => tick(x(ms), label, bottom)),
    primaryRow(to),
    ...rows.map(([label, ms], at) => row(at + 1, label, ms)),
    `<line class="zero" x1="${ZERO}" y1="${TOP - 8}" x2="${ZERO}" y2="${bottom}"/>`,
    text(ZERO, bottom + 18, '0', 'tick', 'middle'),
    text(
      24,
      bottom + 40,
      'Time from the promotion, logarithmic. One run of make demo, whose DNS provider is a fake.',
      'small',
    ),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">
<title>Timeline of a failover</title>
<desc>${rows.map(([label, ms]) => `${label}: ${duration(ms)}`).join('; ')}</desc>
<metadata>${JSON.stringify(timeline)}</metadata>
<style>${STYLE}</style>
${parts.join('\n')}
</svg>
`;
}

/** The figures from which `svg` was drawn. */
export function timelineOf(svg: string): Timeline {
  return JSON.parse(/<metadata>(.*)<\/metadata>/.exec(svg)?.[1] ?? 'null');
}

/** Logarithmic from `FIRST_MS` on; what is earlier stands right behind the promotion. */
function x(ms: number): number {
  const share = Math.log(Math.max(ms, FIRST_MS) / FIRST_MS) / Math.log(LAST_MS / FIRST_MS);
  return Math.round(ZERO + 40 + Math.min(share, 1) * (RIGHT - ZERO - 40));
}

function primaryRow(to: string): string {
  const y = TOP;
  return [
    text(24, y + 16, 'PostgreSQL primary'),
    bar('old', LEFT, STOPPED, y),
    bar('none', STOPPED, ZERO, y),
    bar('new', ZERO, RIGHT, y),
    text(ZERO + 8, y + 15, `promoted in ${to}`, 'time'),
  ].join('');
}

function row(at: number, label: string, ms: number): string {
  const y = TOP + at * ROW;
  const moved = x(ms);
  // Of a late move the time would not fit behind it.
  const fits = RIGHT - moved > 70;
  return [
    text(24, y + 16, label),
    bar('old', LEFT, moved, y),
    bar('new', moved, RIGHT, y),
    fits
      ? text(moved + 8, y + 15, duration(ms), 'time')
      : text(moved - 8, y + 15, duration(ms), undefined, 'end'),
  ].join('');
}

function bar(kind: string, from: number, to: number, y: number): string {
  return `<rect class="${kind}" x="${from}" y="${y}" width="${to - from}" height="${BAR}"/>`;
}

function tick(at: number, label: string, bottom: number): string {
  const line = `<line class="line" x1="${at}" y1="${TOP - 8}" x2="${at}" y2="${bottom}"/>`;
  return `${line}${text(at, bottom + 18, label, 'tick', 'middle')}`;
}

function legend(at: number, kind: string, label: string): string {
  return `<rect class="${kind}" x="${at}" y="45" width="14" height="12"/>${text(at + 20, 56, label, 'small')}`;
}

function text(at: number, y: number, content: string, kind?: string, anchor?: string): string {
  const attributes = [kind && ` class="${kind}"`, anchor && ` text-anchor="${anchor}"`].filter(Boolean);
  return `<text x="${at}" y="${y}"${attributes.join('')}>${content}</text>`;
}

function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
