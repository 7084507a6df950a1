/** How what was measured is written in a line of the table. */
import type { Figures } from './figures.ts';
import type { Memory } from './memory.ts';

export type Row = {
  readonly what: string;
  readonly figures: string;
  /** Undefined: for comparison only. */
  readonly target?: { readonly text: string; readonly met: boolean };
};

/** Of the program and the least that can be done: true on any machine. */
export function ratios(
  rows: readonly (readonly [what: string, ratio: number, bound: 'least' | 'most', limit: number])[],
): readonly Row[] {
  return rows.map(([what, ratio, bound, limit]) => ({
    what,
    figures: `× ${ratio.toFixed(2)}`,
    target: {
      text: `${bound === 'least' ? '≥' : '≤'} ${limit} ×`,
      met: bound === 'least' ? ratio >= limit : ratio <= limit,
    },
  }));
}

export function atMost(what: string, value: number, limit: number, unit: string): NonNullable<Row['target']> {
  return { text: `${what} ≤ ${limit.toLocaleString('en')} ${unit}`.trim(), met: value <= limit };
}

export function times({ p50, p95, p99, max, count }: Figures, digits = 0): string {
  const format = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const cells = [p50, p95, p99, max].map((ms) => ms.toLocaleString('en', format).padStart(7));
  return `${cells.join('')} ms  n=${count}`;
}

export function memory({ rss, anonymous }: Pick<Memory, 'rss' | 'anonymous'>): string {
  return `${rss.toFixed(0)} MiB RSS, ${anonymous.toFixed(0)} MiB anonymous`;
}
