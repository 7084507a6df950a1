import { CONFIG_MAPS, type ConfigMap } from '../../kubernetes/resources.ts';
import { ApiServer } from '../simulation/api-server.ts';
import { OPS, STATUS } from '../simulation/setup.ts';
import type { Side, SidePorts, Weather } from '../simulation/topology/side.ts';
import { ClusterMirror } from './cluster-mirror.ts';
import type { GateFault } from './dns-gate.ts';
import { SPEED } from './paced-clock.ts';
import type { PreparedPlace } from './place.ts';
import { RealProcess } from './real-process.ts';
import type { API_FAULTS, DNS_FAULTS } from './schedule.ts';
import type { WatchedZone } from './watched-zone.ts';

const DRAIN_MS = 20 * SPEED;
/** A look of the controller, and what it leads to, takes less. */
const LOOK_MS = 12_000 * SPEED;

/** Of the time. */
const MOST_WAITING = 0.25;

const GATE_FAULTS: Readonly<Record<(typeof DNS_FAULTS)[number], GateFault>> = {
  cut: 'hang',
  failing: 'refuse',
  losing: 'mute',
};

/**
 * A place on a real control plane with the real controller. What operator and humans do there is done to an API server in
 * memory first, and what the controller publishes is copied into that, so that the judges of the simulation see both.
 */
export class RealSide implements Side {
  readonly server: ApiServer;
  mayBeDeaf = false;
  readonly #ports: SidePorts;
  readonly #prepared: PreparedPlace;
  readonly #mirror: ClusterMirror;
  readonly #processes: RealProcess[] = [];
  readonly #copied: number[] = [];
  readonly #weather = new Map<Weather['kind'], { readonly what: Weather; readonly end: () => void }>();
  #isLost = false;
  #quiet = false;
  #disturbedAt = 0;
  #waited = { at: 0, ms: 0 };

  constructor(ports: SidePorts, prepared: PreparedPlace, zone: WatchedZone) {
    const { clock, report, place } = ports;
    this.#ports = ports;
    this.#prepared = prepared;
    this.#mirror = new ClusterMirror(prepared.plane.api, prepared.namespace, (error) =>
      report(`the API server of the ${place} refuses what its operator writes: ${String(error)}`),
    );
    this.server = new ApiServer({
      now: () => clock.now(),
      onChange: (change) => {
        this.#mirror.onChange(change);
        ports.onChange(change);
      },
      onUnknown: report,
    });
    prepared.listener.onUpdate = (from) => zone.noteCall(from, ports.callOf(this.#identity));
    prepared.listener.onAnswer = (text) => {
      const values = /v=site-follower1; owner=[^;]+; site=[^;]+; timeline=\d+; epoch=\d+/.exec(text);
      if (values === null) return;
      const texts = [{ name: '', type: 'TXT', ttl: 0, values: [...values] }] as const;
      ports.onRead({ sets: [], others: [], texts });
    };
  }

  get steadyForMs(): number {
    const now = this.#ports.clock.elapsed();
    const isWell = this.#present?.leads === true && !this.#weather.has('API weather');
    if (!isWell || this.#lacksProcessor()) this.#disturbedAt = now;
    return now - this.#disturbedAt;
  }

  start(): void {
    if (this.#processes.length === 0) this.#drain();
    if (this.#isLost || this.#present !== undefined) return;
    const { place, report, onStart } = this.#ports;
    const identity = `${place}.${this.#processes.length + 1}`;
    this.mayBeDeaf = this.#weather.has('API weather');
    const before = this.#processes.at(-1)?.ended() ?? Promise.resolve();
    // Its predecessor may still read and write until it has ended.
    const begins = before.then(onStart);
    this.#processes.push(
      new RealProcess(identity, this.#prepared.env, begins, (last) =>
        report(`${identity} has ended by itself: ${last}`),
      ),
    );
  }

  freeze(ms: number): void {
    this.#disturb();
    const process = this.#present;
    process?.freeze();
    this.#ports.clock.after(ms, () => {
      this.#disturb();
      process?.thaw();
    });
  }

  crash(ms: number): void {
    this.#disturb();
    this.#present?.kill();
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
    for (const process of this.#processes) process.kill();
  }

  comeBack(): void {
    this.#isLost = false;
    this.start();
  }

  changeWeather(what: Weather): void {
    this.#weather.get(what.kind)?.end();
    const end = what.kind === 'API weather' ? this.#spoilApi(what.weather) : this.#spoilDns(what.weather);
    this.#weather.set(what.kind, { what, end });
    this.#ports.clock.after(what.ms, () => {
      if (this.#weather.get(what.kind)?.what === what) this.#clear(what.kind);
    });
  }

  calmDown(): void {
    this.#quiet = true;
    this.#disturb();
    for (const kind of this.#weather.keys()) this.#clear(kind);
    this.#present?.thaw();
    this.comeBack();
  }

  stop(): void {
    this.#present?.stop();
  }

  leftovers(): string[] {
    return this.#processes.flatMap(({ identity, hasEnded }) =>
      hasEnded ? [] : [`${identity} does not end`],
    );
  }

  /** Ends all at once, however it stands. */
  async kill(): Promise<void> {
    this.#isLost = true;
    for (const process of this.#processes) process.kill();
    await Promise.all(this.#processes.map((process) => process.ended()));
    await this.#mirror.ended();
  }

  get #present(): RealProcess | undefined {
    const process = this.#processes.at(-1);
    return process?.isEnding === false ? process : undefined;
  }

  get #identity(): string {
    return this.#processes.at(-1)?.identity ?? this.#ports.place;
  }

  /** Where many share the processors, the time without one is not its own. */
  #lacksProcessor(): boolean {
    const at = performance.now();
    const ms = this.#present?.waitedMs ?? 0;
    const before = this.#waited;
    this.#waited = { at, ms };
    return ms - before.ms > (at - before.at) * MOST_WAITING;
  }

  #startIn(ms: number): void {
    this.#ports.clock.after(ms, () => {
      if (!this.#quiet) this.start();
    });
  }

  #disturb(): void {
    this.#disturbedAt = this.#ports.clock.elapsed();
  }

  #clear(kind: Weather['kind']): void {
    this.#weather.get(kind)?.end();
    this.#weather.delete(kind);
    if (kind === 'API weather') this.#disturb();
  }

  #spoilApi(weather: string): () => void {
    const { proxy } = this.#prepared;
    this.mayBeDeaf = true;
    const kind = weather as (typeof API_FAULTS)[number];
    if (kind === 'down') {
      const end = proxy.inject({}, { kind: 'answer', status: 503 });
      proxy.cut();
      return end;
    }
    const endSilence = proxy.inject({ verbs: ['watch'] }, { kind: 'silence' });
    const endHanging = kind === 'cut' ? proxy.inject({}, { kind: 'hang' }) : () => undefined;
    return () => {
      endSilence();
      endHanging();
    };
  }

  #spoilDns(weather: string): () => void {
    const { gate } = this.#prepared;
    gate.fault = GATE_FAULTS[weather as (typeof DNS_FAULTS)[number]];
    return () => {
      gate.fault = undefined;
    };
  }

  /** Takes over what the controller has said and published since the last time. */
  #drain(): void {
    const { clock, trace, onApiCall } = this.#ports;
    clock.after(DRAIN_MS, () => this.#drain());
    for (const process of this.#processes)
      for (const line of process.drain()) trace?.(process.identity, line.slice(0, 500));
    const calledAt = clock.elapsed() - LOOK_MS;
    onApiCall({ actor: this.#identity, verb: 'get', resource: CONFIG_MAPS, key: STATUS, calledAt });
    for (const [index, { versions, key }] of this.#prepared.maps.entries()) {
      for (const { object } of versions.slice(this.#copied[index] ?? 0))
        if (object !== undefined) this.#copy(key.name, object);
      this.#copied[index] = versions.length;
    }
  }

  #copy(name: string, { metadata: { annotations = {} }, data = {} }: ConfigMap): void {
    const map = { metadata: { namespace: OPS, name, annotations }, data };
    const isThere = this.server.find(CONFIG_MAPS, map.metadata) !== undefined;
    if (isThere) this.server.replace(this.#identity, CONFIG_MAPS, map);
    else this.server.create(this.#identity, CONFIG_MAPS, map);
  }
}
