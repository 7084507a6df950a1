import type { SeededRandom } from '../support/random.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import { API_WEATHER, CALM, CALM_REGISTRAR, REGISTRAR_WEATHER } from './faults.ts';
import { Replica, type ReplicaPorts } from './replica.ts';
import type { Disturbance } from './schedule.ts';

type Slot = 0 | 1;
type Ambush = Extract<Disturbance, { kind: 'ambush' }>;
type Weather = Extract<Disturbance, { kind: 'api weather' | 'registrar weather' }>;

export interface ReplicasPorts {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  /** What a new process of this identity gets. */
  readonly portsOf: (identity: string) => Omit<ReplicaPorts, 'clock' | 'random'>;
  readonly trace: (actor: string, line: string) => void;
}

const SLOTS: readonly Slot[] = [0, 1];
const AMBUSH_MS = 60_000;

/** The two replicas of a Deployment, one process after the other in each place, and what happens to them and their ways. */
export class Replicas {
  readonly #ports: ReplicasPorts;
  readonly #slots: readonly [Replica[], Replica[]] = [[], []];
  readonly #weather = new Map<string, Weather>();
  readonly #ambushes = new Map<Slot, Ambush>();
  #quiet = false;

  constructor(ports: ReplicasPorts) {
    this.#ports = ports;
  }

  start(): void {
    for (const slot of SLOTS) this.#start(slot);
  }

  /** Those that work, by their names. */
  get running(): readonly string[] {
    return this.#running().map(({ identity }) => identity);
  }

  freeze(slot: Slot, ms: number): void {
    this.#present(slot)?.freeze(ms);
  }

  crash(slot: Slot, ms: number): void {
    this.#present(slot)?.crash();
    this.#startIn(ms, slot);
  }

  restart(slot: Slot, ms: number): void {
    this.#present(slot)?.stop();
    this.#startIn(ms, slot);
  }

  /** The replica freezes or crashes in the next call of that kind. */
  lieInWait(ambush: Ambush): void {
    this.#ambushes.set(ambush.replica, ambush);
    this.#ports.clock.after(AMBUSH_MS, () => this.#ambushes.delete(ambush.replica));
  }

  /** To be told of each call, before it is on its way. */
  onCall(actor: string, call: string): void {
    for (const slot of SLOTS) {
      const ambush = this.#ambushes.get(slot);
      if (ambush?.at !== call || this.#present(slot)?.identity !== actor) continue;
      this.#ambushes.delete(slot);
      this.#ports.trace(actor, `${ambush.how === 'freeze' ? 'freezes' : 'crashes'} in ${call}`);
      if (ambush.how === 'freeze') this.freeze(slot, ambush.ms);
      else this.crash(slot, ambush.ms);
    }
  }

  changeWeather(what: Weather): void {
    for (const slot of what.replica === 'both' ? SLOTS : [what.replica]) {
      const key = `${what.kind} ${slot}`;
      this.#weather.set(key, what);
      this.#applyWeather(slot);
      this.#ports.clock.after(what.ms, () => {
        if (this.#weather.get(key) !== what) return;
        this.#weather.delete(key);
        this.#applyWeather(slot);
      });
    }
  }

  /** As when API servers end, unless something in between keeps the connections open. */
  loseStreams({ isSilent }: { isSilent: boolean }): void {
    for (const { api } of this.#slots.flat()) {
      if (isSilent) api.silenceStreams();
      else api.endStreams();
    }
  }

  /** Ends all faults: both run from now on. */
  calmDown(): void {
    this.#quiet = true;
    this.#ambushes.clear();
    this.#weather.clear();
    for (const slot of SLOTS) {
      for (const replica of this.#slots[slot]) replica.thaw();
      this.#start(slot);
      this.#applyWeather(slot);
    }
  }

  /** Stops all in order. */
  stop(): void {
    for (const replica of this.#running()) replica.stop();
  }

  /** What still runs or waits after the end. */
  leftovers(): string[] {
    return this.#slots.flat().flatMap(({ identity, state, pending }) => {
      if (state === 'crashed') return [];
      if (state !== 'ended') return [`${identity} does not end`];
      return pending === 0 ? [] : [`${identity} has ended and left ${pending} timers`];
    });
  }

  #running(): Replica[] {
    return this.#slots.flat().filter(({ state }) => state === 'running');
  }

  /** The newest process of a slot, unless it has ended. */
  #present(slot: Slot): Replica | undefined {
    const replica = this.#slots[slot].at(-1);
    return replica?.state === 'running' || replica?.state === 'frozen' ? replica : undefined;
  }

  #start(slot: Slot): void {
    const last = this.#present(slot);
    // One that is stopping goes on beside its successor, as pods do in a rollout.
    if (last !== undefined && !last.stopping) return;
    const identity = `replica-${slot === 0 ? 'a' : 'b'}.${this.#slots[slot].length + 1}`;
    const { clock, random, portsOf, trace } = this.#ports;
    const ports = { ...portsOf(identity), clock, random: random.derive(identity) };
    this.#slots[slot].push(new Replica(identity, ports));
    this.#applyWeather(slot);
    trace(identity, 'starts');
  }

  #startIn(ms: number, slot: Slot): void {
    this.#ports.clock.after(ms, () => {
      if (!this.#quiet) this.#start(slot);
    });
  }

  #applyWeather(slot: Slot): void {
    const api = this.#weather.get(`api weather ${slot}`);
    const registrar = this.#weather.get(`registrar weather ${slot}`);
    for (const replica of this.#slots[slot]) {
      replica.api.faults = { ...CALM, ...(api?.kind === 'api weather' && API_WEATHER[api.weather]) };
      const internet = {
        ...CALM_REGISTRAR,
        ...(registrar?.kind === 'registrar weather' && REGISTRAR_WEATHER[registrar.weather]),
      };
      replica.registrar.faults = internet;
      replica.receiver.faults = internet;
    }
  }
}
