import { type Bounds, type Outcome, play } from '../simulation/play.ts';
import type { Place } from '../simulation/topology/setup.ts';
import type { Patience } from '../simulation/topology/side-judge.ts';
import { TopologyWorld } from '../simulation/topology/world.ts';
import type { Trace } from '../simulation/world.ts';
import type { ControlPlaneAccess } from '../support/control-plane-access.ts';
import { SeededRandom } from '../support/random.ts';
import { PacedClock, SPEED } from './paced-clock.ts';
import { preparePlace } from './place.ts';
import { RealSide } from './real-side.ts';
import { realScheduleOf } from './schedule.ts';
import { WatchedZone } from './watched-zone.ts';

/** Real milliseconds, on a machine that may be busy. */
const AT_ONCE_MS = 6_000;
const LOOKED_MS = 30_000;
const LOOK_MS = 12_000;
const RIGHT_MS = 120_000;
const STEADY_MS = 2_000;
const STOP_MS = 30_000;

const PATIENCE: Patience = {
  atOnceMs: AT_ONCE_MS * SPEED,
  lookedMs: LOOKED_MS * SPEED,
  lookMs: LOOK_MS * SPEED,
};
const BOUNDS: Bounds = { rightMs: RIGHT_MS * SPEED, steadyMs: STEADY_MS * SPEED, stopMs: STOP_MS * SPEED };

export type Planes = Readonly<Record<Place, ControlPlaneAccess>>;

/** The real controllers get through the schedule of one seed: the faults come again from the same seed, what comes of them need not. */
export async function playSchedule(seed: number, planes: Planes, trace?: Trace): Promise<Outcome> {
  const undo: (() => unknown)[] = [];
  const ends = { after: (end: () => unknown) => void undo.push(end) };
  try {
    const zone = await WatchedZone.start(ends);
    // A single replica may do without, and is back sooner.
    const leaderElection = new SeededRandom(`elects ${seed}`).chance(0.4);
    const prepare = (place: Place) =>
      preparePlace(ends, { place, plane: planes[place], zone, leaderElection });
    const [east, west] = await Promise.all([prepare('east'), prepare('west')]);
    const prepared = { east, west };
    const clock = new PacedClock();
    const drainZone = () => {
      zone.drain();
      clock.after(20 * SPEED, drainZone);
    };
    drainZone();
    const world = new TopologyWorld({
      seed,
      trace,
      clock,
      patience: PATIENCE,
      createZone: (onWrite) => {
        zone.onWrite = onWrite;
        return zone;
      },
      createSide: (ports) => {
        const side = new RealSide(ports, prepared[ports.place], zone);
        ends.after(() => side.kill());
        return side;
      },
    });
    return await play(seed, world, realScheduleOf(seed), BOUNDS);
  } finally {
    for (const end of undo.toReversed()) await end();
  }
}
