import type { SeededRandom } from '../support/random.ts';

/**
 * What may happen to one call. `late` answers come, but after seconds. `sent twice`: a balancer repeats it, since it has
 * lost the first answer; the second one is what the caller gets.
 */
const FATES = [
  'delivered',
  'refused',
  'request lost',
  'request late',
  'server error',
  'too many',
  'conflict',
  'answer lost',
  'answer late',
  'error after success',
  'sent twice',
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

export interface RegistrarFaults extends Faults {
  /** Probability that a write is confirmed but not kept. */
  readonly unsaved: number;
}

export const CALM: Faults = {
  latency: [1, 5],
  rates: {},
  late: [2_000, 4_500],
  cut: false,
  watch: { lost: 0, twice: 0, delay: [0, 0], ends: 0, gone: 0, silent: 0, refused: 0 },
};

export const CALM_REGISTRAR: RegistrarFaults = { ...CALM, latency: [40, 150], unsaved: 0 };

export function drawFate(rates: Faults['rates'], random: SeededRandom): Fate {
  let draw = random.next();
  for (const fate of FATES) {
    draw -= rates[fate] ?? 0;
    if (draw < 0) return fate;
  }
  return 'delivered';
}

const watch = (faults: Partial<Faults['watch']>): Partial<Faults> => ({
  watch: { ...CALM.watch, ...faults },
});

/** What may be wrong for a while between a replica and the API server. */
export const API_WEATHER = {
  slow: { latency: [50, 900] },
  failing: { rates: { refused: 0.1, 'server error': 0.15, 'too many': 0.1, 'error after success': 0.1 } },
  losing: { rates: { 'request lost': 0.15, 'answer lost': 0.15 } },
  late: { rates: { 'request late': 0.15, 'answer late': 0.2 } },
  contested: { rates: { conflict: 0.4 } },
  repeating: { rates: { 'sent twice': 0.7 } },
  deaf: watch({ lost: 0.5, twice: 0.2 }),
  lagging: watch({ delay: [200, 8_000] }),
  silent: watch({ silent: 1 }),
  breaking: watch({ ends: 0.3, gone: 0.3, refused: 0.4 }),
  down: { rates: { refused: 1 }, ...watch({ ends: 1 }) },
  cut: { cut: true },
} as const satisfies Record<string, Partial<Faults>>;

/** The same for a registrar, which is slower and has no watches. */
export const REGISTRAR_WEATHER = {
  slow: { latency: [300, 3_000] },
  failing: { rates: { refused: 0.2, 'server error': 0.2, 'error after success': 0.1 } },
  losing: { rates: { 'request lost': 0.2, 'answer lost': 0.2 } },
  late: { rates: { 'request late': 0.3, 'answer late': 0.3 }, late: [2_000, 14_000] },
  unsaved: { unsaved: 0.5 },
  limited: { rates: { 'too many': 0.5 } },
  cut: { cut: true },
} as const satisfies Record<string, Partial<RegistrarFaults>>;
