/** Of one kind of measurement; milliseconds. */
export interface Figures {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** By the nearest rank, so that every figure was really measured. */
export function figuresOf(samples: readonly number[]): Figures {
  if (samples.length === 0) throw new Error('There is nothing to take figures of');
  const sorted = samples.toSorted((a, b) => a - b);
  const rank = (percent: number) => sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? Number.NaN;
  return { count: sorted.length, p50: rank(50), p95: rank(95), p99: rank(99), max: rank(100) };
}

export function median(samples: readonly number[]): number {
  return figuresOf(samples).p50;
}
