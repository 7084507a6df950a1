import { SeededRandom } from '../../support/random.ts';
import type { VirtualClock } from '../../support/virtual-clock.ts';
import type { PlayedWorld } from '../play.ts';
import type { Trace } from '../world.ts';
import { Counter, Database } from './database.ts';
import { Hand } from './hand.ts';
import { Region } from './region.ts';
import type { Disturbance } from './schedule.ts';
import { clusterOf, other, PLACES, type Place, RECORDS } from './setup.ts';
import type { Sets, ZoneWrite } from './shared-zone.ts';
import type { Side, SidePorts } from './side.ts';
import type { Patience } from './side-judge.ts';
import type { Call } from './truth.ts';
import { claimIn, pointsTo, ZoneJudge } from './zone-judge.ts';

export interface TopologyWorldOptions {
  readonly seed: number;
  readonly trace: Trace | undefined;
  readonly clock: VirtualClock;
  readonly patience: Patience;
  /** The zone that all places share. */
  readonly createZone: (onWrite: (write: ZoneWrite<Call>) => void) => { readonly sets: Sets };
  readonly createSide: (ports: SidePorts) => Side;
}

const CHECK_MS = 1_000;

/** Two Kubernetes clusters with a Cluster and a controller each, a zone that both write, and everything that may happen to them. */
export class TopologyWorld implements PlayedWorld<Disturbance> {
  readonly clock: VirtualClock;
  readonly violations: string[] = [];
  readonly #options: TopologyWorldOptions;
  readonly #random: SeededRandom;
  readonly #zone: { readonly sets: Sets };
  readonly #zoneJudge: ZoneJudge;
  readonly #regions: Readonly<Record<Place, Region>>;
  readonly #hand: Hand;
  #cuts = 0;
  #quiet = false;

  constructor(options: TopologyWorldOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.#random = new SeededRandom(options.seed);
    const ids = new Counter();
    const databases = { east: new Database(ids), west: new Database(ids) };
    databases.east.begin();
    this.#zoneJudge = new ZoneJudge((violation) => this.report(violation));
    this.#zone = options.createZone((write) => {
      const { actor } = write.call;
      for (const { name, type, values } of write.after.filter((set) => !write.before.includes(set)))
        this.#trace(actor, `zone: ${name} ${type} ${values.join()}`);
      this.#zoneJudge.onWrite(write);
    });
    const region = (place: Place) =>
      new Region({
        ...options,
        place,
        clock: this.clock,
        random: this.#random.derive(place),
        database: databases[place],
        source: () => {
          const isCut = this.#cuts > 0 || this.#regions[other(place)].operator.isLost;
          return isCut ? undefined : databases[other(place)];
        },
        trace: options.trace && ((actor, line) => this.#trace(actor, line)),
        report: (violation) => this.report(violation),
      });
    this.#regions = { east: region('east'), west: region('west') };
    this.#hand = new Hand(this.#regions, this.clock, this.#random.derive('hand'));
    for (const place of PLACES) this.#regions[place].start();
    this.#check();
  }

  report(violation: string): void {
    this.#trace('!', violation);
    this.violations.push(violation);
  }

  disturb(what: Disturbance): void {
    if (this.#quiet) return;
    this.#trace('*', JSON.stringify(what));
    const { side, operator } = this.#regions[what.place];
    switch (what.kind) {
      case 'act':
        void this.#hand.act(what.act, what.place);
        break;
      case 'local failover':
        if (!operator.isLost) operator.failOver();
        break;
      case 'lose the place':
        this.#lose(what.place, what.ms, what.forcedAfterMs);
        break;
      case 'cut replication':
        this.#cuts += 1;
        this.clock.after(what.ms, () => {
          this.#cuts -= 1;
        });
        break;
      case 'crash':
        side.crash(what.ms);
        break;
      case 'restart':
        side.restart(what.ms);
        break;
      case 'freeze':
        side.freeze(what.ms);
        break;
      case 'DNS weather':
      case 'API weather':
        side.changeWeather(what);
        break;
    }
  }

  /** Ends all faults. In one run of two humans then see to it that one place is the primary and the other one its replica. */
  async calmDown(): Promise<void> {
    this.#quiet = true;
    this.#cuts = Number.NEGATIVE_INFINITY;
    this.#trace('*', 'all faults end');
    for (const place of PLACES) {
      const { side, operator } = this.#regions[place];
      operator.isLost = false;
      side.calmDown();
    }
    await this.#settled();
    if (!this.#random.chance(0.5)) return;
    const primary = this.#zoneJudge.holder?.place ?? 'east';
    this.#trace('*', `${primary} is to be the primary`);
    await this.#hand.act('demote', primary);
    await this.#hand.act('promote', primary);
    await this.#settled();
    await this.#hand.act('rebuild', other(primary));
    await this.#settled();
  }

  /** What is not yet as it should be in the end; empty when all is well. */
  differences(): string[] {
    const { sets } = this.#zone;
    const winner = this.#winner;
    const list: string[] = [];
    for (const place of PLACES) {
      const { judge, truth } = this.#regions[place];
      const { activeSite = 'nothing', phase = '', reason = '' } = judge.published ?? {};
      const said = `${place} says ${activeSite} ${phase} ${reason}`;
      if ((activeSite === place) !== (place === winner)) list.push(said);
      else if (place === winner && phase !== 'Settled') list.push(said);
      else if (place !== winner && truth.isPrimary && !reason.startsWith('ClaimedElsewhere')) list.push(said);
    }
    const claim = claimIn(sets);
    const { holder } = this.#zoneJudge;
    const expected = winner ?? holder?.place;
    for (const name of RECORDS) {
      const place = pointsTo(sets, name);
      if (place !== expected) list.push(`${name} points to ${place}, not to ${expected}`);
    }
    if (winner !== undefined && claim?.owner !== clusterOf(winner).name)
      list.push(`${claim?.owner} has the claim`);
    return list;
  }

  stop(): void {
    for (const place of PLACES) this.#regions[place].side.stop();
  }

  leftovers(): string[] {
    return PLACES.flatMap((place) => this.#regions[place].side.leftovers());
  }

  /** The primary that was promoted to the latest timeline; undefined where there is none, or an earlier one has claimed a later timeline. */
  get #winner(): Place | undefined {
    const claim = claimIn(this.#zone.sets);
    const goesBefore = (place: Place) => {
      const { truth } = this.#regions[place];
      const { timeline } = truth.promotion;
      // Of two of the same timeline, who has the claim keeps it.
      if (claim?.owner === clusterOf(place).name) return Math.max(timeline, claim.timeline) + 0.5;
      return timeline > (claim?.timeline ?? 0) ? timeline : 0;
    };
    return PLACES.filter((place) => this.#regions[place].truth.isPrimary && goesBefore(place) > 0)
      .toSorted((one, two) => goesBefore(two) - goesBefore(one))
      .at(0);
  }

  #lose(place: Place, ms: number, forcedAfterMs: number | undefined): void {
    const { side, operator } = this.#regions[place];
    if (operator.isLost) return;
    operator.isLost = true;
    side.lose();
    if (forcedAfterMs !== undefined) {
      this.clock.after(forcedAfterMs, () => {
        if (!this.#quiet) void this.#hand.act('promote', other(place));
      });
    }
    this.clock.after(ms, () => {
      operator.isLost = false;
      if (!this.#quiet) side.comeBack();
    });
  }

  async #settled(): Promise<void> {
    await new Promise<void>((resolve) => void this.clock.after(2_500, resolve));
    for (const place of PLACES) await this.#regions[place].operator.settled();
  }

  #check(): void {
    this.clock.after(CHECK_MS, () => {
      for (const place of PLACES) this.#regions[place].check();
      this.#check();
    });
  }

  #trace(actor: string, line: string): void {
    this.#options.trace?.(this.clock.elapsed(), actor, line);
  }
}
