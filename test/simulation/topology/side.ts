import type { Config } from '../../../controller/config.ts';
import type { Current } from '../../../dns/records.ts';
import { LEASES } from '../../../kubernetes/resources.ts';
import { explain } from '../../../runtime/explain.ts';
import type { SeededRandom } from '../../support/random.ts';
import type { VirtualClock } from '../../support/virtual-clock.ts';
import { type Change, describe } from '../api-objects.ts';
import { ApiServer } from '../api-server.ts';
import type { Call as ApiCall } from '../connection.ts';
import { API_WEATHER, CALM, CALM_REGISTRAR } from '../faults.ts';
import { LEASE } from '../setup.ts';
import { TopologyProcess, type TopologyProcessPorts, type TopologySabotage } from './process.ts';
import { type Disturbance, DNS_WEATHER } from './schedule.ts';
import { configOf, type Place } from './setup.ts';
import type { SharedZone } from './shared-zone.ts';
import type { Call } from './truth.ts';

export type Weather = Extract<Disturbance, { kind: 'API weather' | 'DNS weather' }>;

/** The API server of one place, and its controller: one process after the other. */
export interface Side {
  readonly server: ApiServer;
  /** The way to the API server of the present process was bad once. */
  readonly mayBeDeaf: boolean;
  /** For how long its controller has been running, leading, and hearing of all that happens in its cluster. */
  readonly steadyForMs: number;
  /** Unless there is one, or the place is lost. */
  start(): void;
  freeze(ms: number): void;
  crash(ms: number): void;
  restart(ms: number): void;
  /** All that runs there ends without a word. */
  lose(): void;
  comeBack(): void;
  changeWeather(what: Weather): void;
  /** Ends all faults: one runs from now on. */
  calmDown(): void;
  /** Stops all in order. */
  stop(): void;
  /** What still runs or waits after the end. */
  leftovers(): string[];
}

export interface SidePorts {
  readonly place: Place;
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly trace: ((actor: string, line: string) => void) | undefined;
  readonly report: (violation: string) => void;
  readonly onChange: (change: Change) => void;
  readonly onApiCall: (call: ApiCall) => void;
  readonly callOf: (actor: string) => Call;
  readonly onRead: (current: Current) => void;
  /** A process begins. */
  readonly onStart: () => void;
}

export interface SimulatedPorts {
  readonly zone: SharedZone<Call>;
  readonly sabotage: TopologySabotage;
}

const CONFIGS: Readonly<Record<Place, Config>> = { east: configOf('east'), west: configOf('west') };

/** With a controller under virtual time. */
export class SimulatedSide implements Side {
  readonly server: ApiServer;
  readonly #ports: SidePorts & SimulatedPorts;
  readonly #processes: TopologyProcess[] = [];
  mayBeDeaf = false;
  readonly #weather = new Map<Weather['kind'], Weather>();
  #isLost = false;
  #quiet = false;
  /** When something was wrong last with its controller or its way to the API server. */
  #disturbedAt = 0;
  #leader: { readonly identity: string; readonly since: number } | undefined;

  constructor(ports: SidePorts & SimulatedPorts) {
    const { clock, report } = ports;
    this.#ports = ports;
    this.server = new ApiServer({
      now: () => clock.now(),
      onChange: (change) => this.#onChange(change),
      onUnknown: report,
    });
  }

  get steadyForMs(): number {
    const now = this.#ports.clock.elapsed();
    const process = this.#processes.at(-1);
    const leads = process !== undefined && process.identity === this.#leader?.identity;
    const isWell = leads && process.state === 'running' && !process.stopping;
    if (!isWell || this.#weather.has('API weather')) this.#disturbedAt = now;
    return now - Math.max(this.#disturbedAt, this.#leader?.since ?? now);
  }

  start(): void {
    const last = this.#present;
    if (this.#isLost || (last !== undefined && !last.stopping)) return;
    const { place, clock, random, zone, sabotage, trace, report, callOf, onRead } = this.#ports;
    const identity = `${place}.${this.#processes.length + 1}`;
    const ports: TopologyProcessPorts = {
      clock,
      server: this.server,
      random: random.derive(identity),
      hooks: {
        onCall: this.#ports.onApiCall,
        onSuccess: () => undefined,
        onTrouble: (call, what) =>
          trace?.(call.actor, `${call.verb} ${describe(call.resource, call.key)}: ${what}`),
        during: (_call, operate) => operate(),
      },
      config: CONFIGS[place],
      log: trace && ((line) => trace(identity, line)),
      onEnd: (error) => report(`${identity} has ended by itself: ${explain(error)}`),
      zone,
      sabotage,
      onWriteCall: () => callOf(identity),
      onRead,
    };
    this.mayBeDeaf = this.#weather.has('API weather');
    this.#processes.push(new TopologyProcess(identity, ports));
    this.#applyWeather();
    this.#ports.onStart();
    trace?.(identity, 'starts');
  }

  freeze(ms: number): void {
    this.#disturb();
    this.#present?.freeze(ms);
  }

  crash(ms: number): void {
    this.#disturb();
    this.#present?.crash();
    this.#startIn(ms);
  }

  restart(ms: number): void {
    this.#disturb();
    this.#present?.stop();
    this.#startIn(ms);
  }

  lose(): void {
    this.#isLost = true;
    this.#disturb();
    for (const process of this.#processes) process.crash();
  }

  comeBack(): void {
    this.#isLost = false;
    this.start();
  }

  changeWeather(what: Weather): void {
    this.#weather.set(what.kind, what);
    this.mayBeDeaf ||= what.kind === 'API weather';
    this.#applyWeather();
    this.#ports.clock.after(what.ms, () => {
      if (this.#weather.get(what.kind) !== what) return;
      if (what.kind === 'API weather') this.#disturb();
      this.#weather.delete(what.kind);
      this.#applyWeather();
    });
  }

  calmDown(): void {
    this.#quiet = true;
    this.#disturb();
    this.#weather.clear();
    for (const process of this.#processes) process.thaw();
    this.comeBack();
    this.#applyWeather();
  }

  stop(): void {
    for (const process of this.#processes) if (process.state === 'running') process.stop();
  }

  leftovers(): string[] {
    return this.#processes.flatMap(({ identity, state, pending }) => {
      if (state === 'crashed') return [];
      if (state !== 'ended') return [`${identity} does not end`];
      return pending === 0 ? [] : [`${identity} has ended and left ${pending} timers`];
    });
  }

  /** The newest process, unless it has ended. */
  get #present(): TopologyProcess | undefined {
    const process = this.#processes.at(-1);
    return process?.state === 'running' || process?.state === 'frozen' ? process : undefined;
  }

  #startIn(ms: number): void {
    this.#ports.clock.after(ms, () => {
      if (!this.#quiet) this.start();
    });
  }

  #disturb(): void {
    this.#disturbedAt = this.#ports.clock.elapsed();
  }

  #applyWeather(): void {
    const api = this.#weather.get('API weather');
    const dns = this.#weather.get('DNS weather');
    for (const process of this.#processes) {
      process.api.faults = { ...CALM, ...(api?.kind === 'API weather' && API_WEATHER[api.weather]) };
      process.dns.faults = {
        ...CALM_REGISTRAR,
        ...(dns?.kind === 'DNS weather' && DNS_WEATHER[dns.weather]),
      };
    }
  }

  #onChange(change: Change): void {
    const { resource, key } = change;
    if (resource.plural === LEASES.plural && key.name === LEASE.name) this.#onLease();
    this.#ports.onChange(change);
  }

  #onLease(): void {
    const identity = this.server.find(LEASES, LEASE)?.spec?.holderIdentity ?? '';
    if (identity !== this.#leader?.identity) this.#leader = { identity, since: this.#ports.clock.elapsed() };
  }
}
