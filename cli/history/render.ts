import { bold, dim, green, type Line } from '../text/line.ts';
import { type Column, table } from '../text/table.ts';
import { clockTime, duration } from '../text/time.ts';
import type { HistoryView } from './view.ts';

const COLUMNS: readonly Column[] = [
  { title: 'EPOCH', align: 'right' },
  { title: 'AT' },
  { title: 'FROM', shrink: { to: 8, by: 'cut' } },
  { title: 'TO', shrink: { to: 8, by: 'cut' } },
  { title: 'ACTIVE FOR', align: 'right' },
  { title: 'FOLLOWED IN', align: 'right', drop: 1 },
  { title: 'PRIMARY', shrink: { to: 8, by: 'cut' }, drop: 2 },
  { title: 'NODE', shrink: { to: 8, by: 'cut' }, drop: 3 },
];

/** The oldest first, so that the newest is right above the prompt. */
export function renderHistory({ transitions }: HistoryView, width: number): Line[] {
  if (transitions.length === 0) return [['No site has been active yet.']];
  const rows = transitions.map((stay, index): Line[] => {
    const isLast = index === transitions.length - 1;
    return [
      [String(stay.epoch)],
      [clockTime(stay.writtenAt)],
      [stay.from === '' ? dim('–') : stay.from],
      [isLast ? bold(stay.to) : stay.to],
      [isLast ? green(duration(stay.activeMs)) : duration(stay.activeMs)],
      [stay.followedMs === null ? dim('–') : duration(stay.followedMs)],
      [stay.primary],
      [stay.node],
    ];
  });
  return table(COLUMNS, rows, width);
}
