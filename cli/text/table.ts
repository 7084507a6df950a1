import { fit, type Line, widthOf, wrap } from './line.ts';

/** Between two columns. */
const GAP = 2;

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** On a narrow terminal the column shrinks down to this width, and its cells are wrapped or cut. */
  readonly shrink?: { readonly to: number; readonly by: 'wrap' | 'cut' };
  /** Where shrinking is not enough, columns are dropped, the highest number first. */
  readonly drop?: number;
}

/** Without borders, and not wider than `width` if possible. Missing cells are empty. */
export function table(columns: readonly Column[], rows: readonly (readonly Line[])[], width: number): Line[] {
  const natural = columns.map(({ title }, at) =>
    Math.max(title.length, ...rows.map((row) => widthOf(row[at] ?? []))),
  );
  const widths = shrink(columns, natural, width);
  const shown = columns.flatMap((column, at) => {
    const own = widths[at];
    return own === undefined ? [] : [{ column, at, width: own }];
  });
  const head = shown.map(({ column }) => [{ text: column.title, style: 'dim' } as const]);
  const lines = (cells: readonly Line[]): Line[] => {
    const parts = cells.map((cell, index) => {
      const { column, width: own = 0 } = shown[index] ?? {};
      return column?.shrink?.by === 'wrap' ? wrap(cell, own) : [fit(cell, own)];
    });
    const height = Math.max(1, ...parts.map((part) => part.length));
    return Array.from({ length: height }, (_, line) =>
      shown.flatMap(({ column, width: own }, index) => {
        const part = parts[index]?.[line] ?? [];
        const space = ' '.repeat(Math.max(0, own - widthOf(part)));
        const cell = column.align === 'right' ? [space, ...part] : [...part, space];
        return index === 0 ? cell : [' '.repeat(GAP), ...cell];
      }),
    );
  };
  return [...lines(head), ...rows.flatMap((row) => lines(shown.map(({ at }) => row[at] ?? [])))];
}

/** The width of each column; undefined where it is left out. */
function shrink(
  columns: readonly Column[],
  natural: readonly number[],
  width: number,
): readonly (number | undefined)[] {
  const widths: (number | undefined)[] = [...natural];
  for (;;) {
    const excess = total(widths) - width;
    if (excess <= 0) return widths;
    const able = columns.flatMap(({ shrink: limit }, at) => {
      const own = widths[at];
      return limit !== undefined && own !== undefined && own > limit.to ? [{ at, own, to: limit.to }] : [];
    });
    // The widest first, down to the width of the next one.
    const [widest, second] = able.toSorted((one, other) => other.own - one.own);
    if (widest !== undefined) {
      const floor = Math.max(widest.to, Math.min(second?.own ?? 0, widest.own - 1));
      widths[widest.at] = Math.max(floor, widest.own - excess);
      continue;
    }
    const dropped = columns
      .map(({ drop = 0 }, at) => ({ drop: widths[at] === undefined ? 0 : drop, at }))
      .toSorted((one, other) => other.drop - one.drop)[0];
    if (dropped === undefined || dropped.drop === 0) return widths;
    // Without it, the others may need less shrinking.
    widths.forEach((own, at) => {
      if (own !== undefined) widths[at] = natural[at];
    });
    widths[dropped.at] = undefined;
  }
}

function total(widths: readonly (number | undefined)[]): number {
  const shown = widths.filter((width) => width !== undefined);
  return shown.reduce((sum, width) => sum + width, 0) + GAP * Math.max(0, shown.length - 1);
}
