import type { SeededRandom } from '../../support/random.ts';
import { API_WEATHER, REGISTRAR_WEATHER } from '../faults.ts';
import { drawKind, drawSteps, keys, type Schedule } from '../schedule.ts';
import { ACTS, type Act } from './hand.ts';
import { PLACES, type Place } from './setup.ts';

/** The registrar's without what only that one does. */
const { unsaved: _, ...DNS_WEATHER } = REGISTRAR_WEATHER;

export { DNS_WEATHER };

/** One thing that goes wrong at a place, or is done there; `ms` is how long it lasts. */
export type Disturbance = { readonly place: Place } & (
  | { readonly kind: 'act'; readonly act: Act }
  | { readonly kind: 'local failover' }
  /** The place is gone with all that is in it, and comes back as it was. `forced`: the other one is promoted meanwhile, after so long. */
  | { readonly kind: 'lose the place'; readonly ms: number; readonly forcedAfterMs: number | undefined }
  | { readonly kind: 'cut replication'; readonly ms: number }
  | { readonly kind: 'crash'; readonly ms: number }
  | { readonly kind: 'restart'; readonly ms: number }
  | { readonly kind: 'freeze'; readonly ms: number }
  | { readonly kind: 'DNS weather'; readonly weather: keyof typeof DNS_WEATHER; readonly ms: number }
  | { readonly kind: 'API weather'; readonly weather: keyof typeof API_WEATHER; readonly ms: number }
);

/** How often each kind is drawn, relative to the others. */
const WEIGHTS: Readonly<Record<Disturbance['kind'], number>> = {
  act: 9,
  'local failover': 3,
  'lose the place': 2,
  'cut replication': 2,
  crash: 2,
  restart: 1,
  freeze: 2,
  'DNS weather': 5,
  'API weather': 1,
};

export function drawTopologySchedule(random: SeededRandom): Schedule<Disturbance> {
  return drawSteps(random, draw);
}

function draw(random: SeededRandom): Disturbance {
  const place = random.pick(PLACES);
  const kind = drawKind(random, WEIGHTS);
  switch (kind) {
    case 'act':
      return { place, kind, act: random.pick(ACTS) };
    case 'local failover':
      return { place, kind };
    case 'lose the place':
      return {
        place,
        kind,
        ms: random.integer(10_000, 90_000),
        forcedAfterMs: random.chance(0.7) ? random.integer(1_000, 60_000) : undefined,
      };
    case 'cut replication':
      return { place, kind, ms: random.integer(2_000, 60_000) };
    case 'crash':
      return { place, kind, ms: random.integer(0, 40_000) };
    case 'restart':
      return { place, kind, ms: random.integer(0, 5_000) };
    case 'freeze':
      return { place, kind, ms: random.integer(500, 40_000) };
    case 'DNS weather':
      return { place, kind, weather: random.pick(keys(DNS_WEATHER)), ms: random.integer(2_000, 90_000) };
    case 'API weather':
      return { place, kind, weather: random.pick(keys(API_WEATHER)), ms: random.integer(1_000, 40_000) };
  }
}
