import { drawKind, drawSteps, type Schedule } from '../simulation/schedule.ts';
import { ACTS } from '../simulation/topology/hand.ts';
import type { Disturbance } from '../simulation/topology/schedule.ts';
import { PLACES } from '../simulation/topology/setup.ts';
import { SeededRandom } from '../support/random.ts';

/** Between a place and its API server, and between it and the name server. */
export const API_FAULTS = ['cut', 'down', 'silent'] as const;
export const DNS_FAULTS = ['cut', 'failing', 'losing'] as const;

/** How often each kind is drawn, relative to the others. */
const WEIGHTS: Readonly<Record<Disturbance['kind'], number>> = {
  act: 10,
  'local failover': 1,
  'lose the place': 3,
  'cut replication': 1,
  crash: 3,
  restart: 1,
  freeze: 1,
  'DNS weather': 4,
  'API weather': 2,
};

/** Seconds as the operators have them, until all faults end. */
const QUIET_AT = [45, 90] as const;

export function realScheduleOf(seed: number): Schedule<Disturbance> {
  return drawSteps(new SeededRandom(`real topology ${seed}`), draw, QUIET_AT);
}

function draw(random: SeededRandom): Disturbance {
  const place = random.pick(PLACES);
  const kind = drawKind(random, WEIGHTS);
  switch (kind) {
    case 'act':
      return { place, kind, act: random.pick(ACTS) };
    case 'local failover':
      return { place, kind };
    case 'lose the place': {
      const forcedAfterMs = random.chance(0.8) ? random.integer(1_000, 20_000) : undefined;
      return { place, kind, ms: random.integer(15_000, 60_000), forcedAfterMs };
    }
    case 'cut replication':
      return { place, kind, ms: random.integer(2_000, 30_000) };
    case 'crash':
      return { place, kind, ms: random.integer(0, 20_000) };
    case 'restart':
      return { place, kind, ms: random.integer(0, 5_000) };
    case 'freeze':
      return { place, kind, ms: random.integer(2_000, 30_000) };
    case 'DNS weather':
      return { place, kind, weather: random.pick(DNS_FAULTS), ms: random.integer(5_000, 60_000) };
    case 'API weather':
      return { place, kind, weather: random.pick(API_FAULTS), ms: random.integer(5_000, 40_000) };
  }
}
