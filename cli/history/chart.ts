import { bold, dim, type Line, widthOf } from '../text/line.ts';
import { table } from '../text/table.ts';
import { clockTime, duration } from '../text/time.ts';
import type { HistoryView, Stay } from './view.ts';

/** In eighths of the height of a line. */
const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const GAP = 2;
/** Where there is no terminal. */
const DEFAULT_WIDTH = 100;
const LEAST_COLUMNS = 10;

/**
 * A timeline with a row for each site. The height of a block is the share of the column’s time in which the site was
 * active; below is the number of moves in that time. `now` is in milliseconds since 1970.
 */
export function renderChart({ transitions }: HistoryView, now: number, width: number): Line[] {
  const [first] = transitions;
  if (first === undefined) return [['No site has been active yet.']];
  const sites = [...new Set(transitions.flatMap(({ from, to }) => [from, to]))]
    .filter((site) => site !== '')
    .toSorted();
  const label = Math.max('moves'.length, ...sites.map((site) => widthOf([site]))) + GAP;
  const columns = Math.max((Number.isFinite(width) ? width : DEFAULT_WIDTH) - label, LEAST_COLUMNS);
  const begin = Date.parse(first.writtenAt);
  const slot = Math.max(now - begin, 1) / columns;
  const active = transitions.at(-1)?.to;
  const padded = (name: string) => `${name}${' '.repeat(label - widthOf([name]))}`;
  const rows = sites.map((site): Line => {
    const shares = sharesOf(
      transitions.filter(({ to }) => to === site),
      begin,
      slot,
      columns,
    );
    return [site === active ? bold(padded(site)) : padded(site), shares.map(block).join('')];
  });
  return [
    ...rows,
    [dim(padded('moves')), dim(movesOf(transitions, begin, slot, columns))],
    [padded(''), dim(axis(clockTime(first.writtenAt), columns))],
    [],
    ...summary(transitions, sites, now - begin, width),
    [],
    [dim(`One column is ${duration(slot)}; ${transitions.length} moves.`)],
  ];
}

/** For each column, the share of its time that the stays cover. */
function sharesOf(stays: readonly Stay[], begin: number, slot: number, columns: number): number[] {
  const shares = Array.from({ length: columns }, () => 0);
  for (const { writtenAt, activeMs } of stays) {
    const from = (Date.parse(writtenAt) - begin) / slot;
    const to = Math.min(from + activeMs / slot, columns);
    for (let column = Math.floor(from); column < to; column += 1) {
      shares[column] = (shares[column] ?? 0) + Math.min(to, column + 1) - Math.max(from, column);
    }
  }
  return shares;
}

function block(share: number): string {
  if (share <= 0) return '·';
  return BLOCKS[Math.min(BLOCKS.length - 1, Math.max(0, Math.ceil(share * BLOCKS.length - 1e-6) - 1))] ?? '';
}

/** The number of moves in each column; a plus for more than nine. */
function movesOf(transitions: readonly Stay[], begin: number, slot: number, columns: number): string {
  const counts = Array.from({ length: columns }, () => 0);
  for (const { writtenAt } of transitions) {
    const column = Math.min(columns - 1, Math.floor((Date.parse(writtenAt) - begin) / slot));
    counts[column] = (counts[column] ?? 0) + 1;
  }
  return counts.map((count) => (count === 0 ? ' ' : count > 9 ? '+' : String(count))).join('');
}

function axis(start: string, columns: number): string {
  const end = 'now';
  return columns < start.length + end.length + GAP
    ? start.slice(0, columns)
    : start.padEnd(columns - end.length) + end;
}

function summary(
  transitions: readonly Stay[],
  sites: readonly string[],
  total: number,
  width: number,
): Line[] {
  const rows = sites.map((site): Line[] => {
    const stays = transitions.filter(({ to }) => to === site).map(({ activeMs }) => activeMs);
    const sum = stays.reduce((all, ms) => all + ms, 0);
    return [
      [site],
      [duration(sum)],
      [`${Math.round((100 * sum) / Math.max(total, 1))}%`],
      [String(stays.length)],
      [stays.length === 0 ? dim('–') : duration(Math.max(...stays))],
    ];
  });
  const right = 'right' as const;
  const columns = [
    { title: 'SITE', shrink: { to: 8, by: 'cut' } as const },
    { title: 'ACTIVE', align: right },
    { title: 'SHARE', align: right },
    { title: 'TIMES', align: right },
    { title: 'LONGEST', align: right },
  ];
  return table(columns, rows, width);
}
