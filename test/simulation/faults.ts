import type { SeededRandom } from '../support/random.ts';

/** What may happen to one call. `late` answers come, but after seconds; `unanswered` ones were carried out. */
export const FATES = [
  'delivered',
  'refused',
  'request lost',
  'request late',
  'server error',
  'conflict',
  'answer lost',
  'answer late',
  'error after success',
] as const;

export type Fate = (typeof FATES)[number];

/** The state of the way between one process and one server. Rates are probabilities, times milliseconds. */
export interface Faults {
  /** One way. */
  readonly latency: readonly [number, number];
  readonly rates: Partial<Readonly<Record<Fate, number>>>;
  /** How long a late request or answer takes. */
  readonly late: readonly [number, number];
  /** Nothing gets through, in either direction. */
  readonly cut: boolean;
  readonly watch: {
    /** For each event: it never comes, it comes twice. */
    readonly lost: number;
    readonly twice: number;
    /** For each event: how much later than it should. */
    readonly delay: readonly [number, number];
    /** For each event: the stream ends, ends with 410, or goes silent for good. */
    readonly ends: number;
    readonly gone: number;
    readonly silent: number;
    /** For each new stream: it is refused with 410. */
    readonly refused: number;
  };
}

export const CALM: Faults = {
  latency: [1, 5],
  rates: {},
  late: [2_000, 4_500],
  cut: false,
  watch: { lost: 0, twice: 0, delay: [0, 0], ends: 0, gone: 0, silent: 0, refused: 0 },
};

export function drawFate(rates: Faults['rates'], random: SeededRandom): Fate {
  let draw = random.next();
  for (const fate of FATES) {
    draw -= rates[fate] ?? 0;
    if (draw < 0) return fate;
  }
  return 'delivered';
}
