import { median } from '../figures.ts';

/** Memory at a moment. */
export interface Sample {
  readonly ms: number;
  readonly mib: number;
}

export interface Flatness {
  /** Medians of the second and the last third of the time. The first third is for warming up. */
  readonly before: number;
  readonly after: number;
  readonly growth: number;
}

/** Medians, so that it does not matter when garbage was collected last. */
export function flatness(samples: readonly Sample[]): Flatness {
  const [start, end] = [samples.at(0)?.ms ?? 0, samples.at(-1)?.ms ?? 0];
  const third = (which: number) => {
    const [from, to] = [which, which + 1].map((share) => start + ((end - start) * share) / 3);
    const inside = samples.filter(({ ms }) => ms >= (from ?? 0) && ms <= (to ?? 0));
    return median(inside.map(({ mib }) => mib));
  };
  const [before, after] = [third(1), third(2)];
  return { before, after, growth: after - before };
}
