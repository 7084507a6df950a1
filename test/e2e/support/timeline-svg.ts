/** A picture of incidents, one below the other: lanes over time, each from the moment that the primary moved. */
export interface Bar {
  /** Seconds from the panel's zero. */
  readonly from: number;
  readonly to: number;
  readonly label: string;
  /** Which colour it has: the index of a site, `off` for nothing, `bad` for what must not be. */
  readonly kind: number | 'off' | 'change' | 'bad';
}

export interface Lane {
  readonly name: string;
  readonly bars: readonly Bar[];
}

export interface Panel {
  readonly title: string;
  /** Seconds; the first is not above 0. */
  readonly from: number;
  readonly to: number;
  readonly lanes: readonly Lane[];
}

const WIDTH = 1_000;
const LEFT = 190;
const RIGHT = 20;
const ROW = 22;
const BAR = 16;
const TITLE = 34;
const AXIS = 30;
const GAP = 18;
/** Told apart also by those who do not see red or green: Okabe and Ito's blue, orange, green, pink. */
const SITES = ['#0072b2', '#e69f00', '#009e73', '#cc79a7'];
const COLOURS = { off: '#e4e4e4', change: '#f0e442', bad: '#d00000' };
const CHARACTER = 6.2;

export function timelineSvg(panels: readonly Panel[]): string {
  const heights = panels.map(({ lanes }) => TITLE + lanes.length * ROW + AXIS + GAP);
  const height = Math.max(
    1,
    heights.reduce((sum, one) => sum + one, 0),
  );
  let top = 0;
  const drawn = panels.map((panel, index) => {
    const one = drawPanel(panel, top);
    top += heights[index] ?? 0;
    return one;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}

function drawPanel({ title, from, to, lanes }: Panel, top: number): string {
  const scale = (WIDTH - LEFT - RIGHT) / (to - from);
  const x = (seconds: number) => LEFT + (Math.min(Math.max(seconds, from), to) - from) * scale;
  const bottom = top + TITLE + lanes.length * ROW;
  const ticks = ticksBetween(from, to);
  const lines = ticks.map(
    (tick) =>
      `<line x1="${at(x(tick))}" x2="${at(x(tick))}" y1="${top + TITLE - 4}" y2="${bottom}" stroke="${tick === 0 ? '#000000' : '#cccccc'}"/>` +
      `<text x="${at(x(tick))}" y="${bottom + 14}" text-anchor="middle">${tick} s</text>`,
  );
  const rows = lanes.map(({ name, bars }, index) => {
    const y = top + TITLE + index * ROW;
    return [
      `<text x="${LEFT - 8}" y="${y + 12}" text-anchor="end">${escapeXml(name)}</text>`,
      ...bars.filter((bar) => bar.to > from && bar.from < to).map((bar) => drawBar(bar, x, y)),
    ].join('\n');
  });
  return [
    `<text x="8" y="${top + 18}" font-size="14" font-weight="bold">${escapeXml(title)}</text>`,
    ...rows,
    ...lines,
  ].join('\n');
}

function drawBar({ from, to, label, kind }: Bar, x: (seconds: number) => number, y: number): string {
  const [left, right] = [x(from), x(to)];
  // What is shorter than a line is shown as one: a single lost request has to be seen.
  const width = Math.max(right - left, 1.5);
  const colour = typeof kind === 'number' ? SITES[kind % SITES.length] : COLOURS[kind];
  const dark = kind === 'bad' || (typeof kind === 'number' && kind % SITES.length !== 1);
  const fits = label.length * CHARACTER < width - 4;
  return (
    `<rect x="${at(left)}" y="${y}" width="${at(width)}" height="${BAR}" fill="${colour}"><title>${escapeXml(label)} (${from.toFixed(3)} to ${to.toFixed(3)} s)</title></rect>` +
    (fits
      ? `<text x="${at(left + 3)}" y="${y + 12}" fill="${dark ? '#ffffff' : '#000000'}">${escapeXml(label)}</text>`
      : '')
  );
}

/** At most about a dozen, of 1, 2 or 5 times a power of ten. */
function ticksBetween(from: number, to: number): readonly number[] {
  const rough = (to - from) / 12;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough) ?? 10 * power;
  const first = Math.ceil(from / step);
  const count = Math.floor(to / step) - first + 1;
  return Array.from({ length: count }, (_, index) => Number(((first + index) * step).toPrecision(6)));
}

function at(value: number): string {
  return value.toFixed(1);
}

function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
