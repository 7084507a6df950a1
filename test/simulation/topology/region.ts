import { NAMESPACES } from '../../../kubernetes/resources.ts';
import { describe } from '../api-objects.ts';
import { OPS } from '../setup.ts';
import type { Database } from './database.ts';
import { Operator, type OperatorPorts } from './operator.ts';
import type { Side, SidePorts } from './side.ts';
import { type Patience, SideJudge } from './side-judge.ts';
import { PlaceTruth } from './truth.ts';
import { claimIn } from './zone-judge.ts';

export type RegionPorts = Pick<SidePorts, 'place' | 'clock' | 'random' | 'trace' | 'report'> &
  Pick<OperatorPorts, 'database' | 'source'> & {
    readonly createSide: (ports: SidePorts) => Side;
    readonly patience: Patience;
  };

/** All that there is at one place, and who judges its controller. */
export class Region {
  readonly side: Side;
  readonly operator: Operator;
  readonly database: Database;
  readonly truth: PlaceTruth;
  readonly judge: SideJudge;
  readonly #clock: RegionPorts['clock'];

  constructor(ports: RegionPorts) {
    const { place, clock, random, database, source, trace, report, createSide, patience } = ports;
    this.#clock = clock;
    this.database = database;
    this.side = createSide({
      place,
      clock,
      trace,
      report,
      random: random.derive('side'),
      onChange: (change) => {
        const { actor, resource, key, before, after } = change;
        const verb = before === undefined ? 'creates' : 'writes';
        trace?.(actor, `${verb} ${describe(resource, key)} in ${place}: ${content(after)}`);
        if (resource.plural === 'clusters') this.truth.record(clock.elapsed());
        this.judge.onChange(change);
      },
      onApiCall: (call) => this.judge.onApiCall(call),
      callOf: (actor) => {
        this.judge.onWriteCall(actor);
        const { promotion, latestClaim } = this.truth;
        return { actor, place, calledAt: clock.elapsed(), promotion, latestClaim };
      },
      onStart: () => this.judge.onStart(),
      onRead: ({ texts = [] }) => this.judge.onRead(claimIn(texts)),
    });
    const { server } = this.side;
    this.operator = new Operator({
      place,
      server,
      clock,
      random: random.derive('operator'),
      database,
      source,
    });
    this.truth = new PlaceTruth(place, this.operator, database);
    this.judge = new SideJudge({
      server,
      truth: this.truth,
      now: () => clock.elapsed(),
      steadyForMs: () => this.side.steadyForMs,
      mayBeDeaf: () => this.side.mayBeDeaf,
      report,
      patience,
    });
  }

  start(): void {
    this.side.server.create('human', NAMESPACES, { metadata: { name: OPS } });
    this.operator.start();
    this.side.start();
  }

  /** To be called every second. */
  check(): void {
    const now = this.#clock.elapsed();
    this.truth.record(now);
    this.judge.check();
  }
}

function content(object: object | undefined): string {
  const { data, spec, status } = (object ?? {}) as Record<string, unknown>;
  return JSON.stringify(data ?? { spec, status }).slice(0, 600);
}
