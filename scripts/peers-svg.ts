/** The picture of `make peers`: from the median to the 99th percentile of each way. The same figures give the same bytes. */

/** Milliseconds. */
export interface PeersPicture {
  readonly run: string;
  readonly groups: readonly {
    readonly what: string;
    readonly rows: readonly PeersRow[];
  }[];
}

export interface PeersRow {
  readonly name: string;
  readonly measured?: {
    readonly count: number;
    readonly p50: number;
    readonly p99: number;
    readonly max: number;
  };
  readonly documented?: { readonly upToMs: number; readonly source: string };
}

const WIDTH = 760;
const LEFT = 330;
const RIGHT = WIDTH - 30;
const TOP = 64;
const ROW = 42;
const HEAD = 34;
const FIRST_MS = 10;
const LAST_MS = 100_000;
const TICKS = [10, 100, 1_000, 10_000, 100_000];

const STYLE = `
  text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328; }
  .page { fill: #ffffff; } .line { stroke: #d1d9e0; } .title { font-weight: 600; font-size: 15px; } .what { font-weight: 600; }
  .small { font-size: 12px; fill: #59636e; } .ours { fill: #0969da; stroke: #0969da; } .peer { fill: #bc4c00; stroke: #bc4c00; }
  .range { stroke-width: 6; stroke-linecap: round; opacity: .55; } .told { fill: none; stroke-width: 2; stroke-dasharray: 5 4; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; } .page { fill: #0d1117; } .line { stroke: #3d444d; } .small { fill: #9198a1; }
    .ours { fill: #4493f8; stroke: #4493f8; } .peer { fill: #f0883e; stroke: #f0883e; } .told { fill: none; }
  }
`;

export function peersSvg(picture: PeersPicture): string {
  const parts: string[] = [];
  let y = TOP;
  for (const { what, rows } of picture.groups) {
    parts.push(text(24, y + 18, what, 'what'));
    y += HEAD;
    for (const [index, one] of rows.entries()) {
      parts.push(row(one, y, index === 0 ? 'ours' : 'peer'));
      y += ROW;
    }
  }
  const height = y + 58;
  const axis = TICKS.map((ms) => tick(x(ms), duration(ms), y));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">
<title>Beside others</title>
<desc>${picture.groups.map(({ what, rows }) => `${what}. ${rows.map((one) => `${one.name}: ${figures(one)}`).join('; ')}`).join('. ')}</desc>
<metadata>${JSON.stringify(picture)}</metadata>
<style>${STYLE}</style>
<rect class="page" width="${WIDTH}" height="${height}" rx="8"/>
${[text(24, 30, 'The same on one machine, in one run', 'title'), text(24, 50, 'A dot is the median, its line goes to the 99th percentile. Time is logarithmic.', 'small'), ...axis, ...parts, text(24, height - 14, picture.run, 'small')].join('\n')}
</svg>
`;
}

/** The figures from which `svg` was drawn. */
export function peersOf(svg: string): PeersPicture {
  return JSON.parse(/<metadata>(.*)<\/metadata>/.exec(svg)?.[1] ?? 'null');
}

function row(one: PeersRow, y: number, kind: 'ours' | 'peer'): string {
  const middle = y + 12;
  const shape =
    one.measured === undefined
      ? `<line class="${kind} told" x1="${LEFT}" y1="${middle}" x2="${x(one.documented?.upToMs ?? 0)}" y2="${middle}"/>`
      : `<line class="${kind} range" x1="${x(one.measured.p50)}" y1="${middle}" x2="${x(one.measured.p99)}" y2="${middle}"/><circle class="${kind}" cx="${x(one.measured.p50)}" cy="${middle}" r="6"/>`;
  return `${text(24, y + 12, one.name)}${text(24, y + 28, figures(one), 'small')}${shape}`;
}

function figures({ measured, documented }: PeersRow): string {
  if (measured !== undefined)
    return `p50 ${duration(measured.p50)}, p99 ${duration(measured.p99)}, n=${measured.count}`;
  return `not measured; up to ${duration(documented?.upToMs ?? Number.NaN)} by its documentation`;
}

function x(ms: number): number {
  const share = Math.log(Math.max(ms, FIRST_MS) / FIRST_MS) / Math.log(LAST_MS / FIRST_MS);
  return Math.round(LEFT + Math.min(share, 1) * (RIGHT - LEFT));
}

function tick(at: number, label: string, bottom: number): string {
  return `<line class="line" x1="${at}" y1="${TOP}" x2="${at}" y2="${bottom}"/><text x="${at}" y="${bottom + 18}" class="small" text-anchor="middle">${label}</text>`;
}

function text(at: number, y: number, content: string, kind?: string): string {
  return `<text x="${at}" y="${y}"${kind === undefined ? '' : ` class="${kind}"`}>${content}</text>`;
}

export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return `${(ms / 1_000).toFixed(ms < 10_000 && ms % 1_000 !== 0 ? 1 : 0)} s`;
}
