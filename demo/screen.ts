/** What the demo shows: plain text of at most 80 columns, colours only on a terminal. */
import { styleText } from 'node:util';

const INDENT = '    ';
const WIDTH = 80;
const LABEL_WIDTH = 14;
const TIME_WIDTH = 12;

type Style = Parameters<typeof styleText>[0];

/** Leaves the text as it is when standard output is no terminal, or NO_COLOR is set. */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

export function say(line = ''): void {
  process.stdout.write(line === '' ? '\n' : `${INDENT}${line}\n`);
}

export function title(text: string): void {
  process.stdout.write(`\n${styled('bold', text)}\n${styled('dim', '─'.repeat(WIDTH))}\n`);
}

/** Says what is begun, and how long it took when it is done. */
export async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  const live = process.stdout.isTTY;
  if (live) process.stdout.write(`${INDENT}${styled('dim', '…')} ${what}`);
  const started = performance.now();
  const result = await work();
  const seconds = `${((performance.now() - started) / 1_000).toFixed(1)} s`;
  const line = `${INDENT}${styled('green', '✓')} ${what.padEnd(WIDTH - 14)}${styled('dim', seconds.padStart(7))}`;
  process.stdout.write(`${live ? '\r' : ''}${line}\n`);
  return result;
}

export function fact(label: string, text: string): void {
  say(`${styled('dim', label.padEnd(LABEL_WIDTH))}${text}`);
}

/** A line of a timeline. `ms` counts from the move of the primary; undefined is before it. */
export function moment(ms: number | undefined, text: string): void {
  const time = ms === undefined ? 'before' : duration(ms);
  say(`${styled(ms === undefined ? 'dim' : 'cyan', time.padStart(TIME_WIDTH - 3))}   ${text}`);
}

export function duration(ms: number): string {
  return `${Math.round(ms).toLocaleString('en')} ms`;
}

/** Columns as wide as they need to be, but for the last. */
export function table(rows: readonly (readonly string[])[]): void {
  const widths = rows.reduce<number[]>(
    (most, row) => row.map((cell, at) => Math.max(most[at] ?? 0, cell.length)),
    [],
  );
  for (const row of rows) {
    say(row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join('  '));
  }
}
