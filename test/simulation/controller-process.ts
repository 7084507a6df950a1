import type { Config } from '../../controller/config.ts';
import { Controller } from '../../controller/controller.ts';
import { createLog } from '../../controller/log.ts';
import { createMetrics } from '../../controller/metrics.ts';
import type { ControllerPorts } from '../../controller/ports.ts';
import { ZoneLocks } from '../../dns/zones/zone-locks.ts';
import type { KubeApi } from '../../kubernetes/api.ts';
import { RestoreDetector } from '../../kubernetes/etcd-restore.ts';
import type { SeededRandom } from '../support/random.ts';
import type { ProcessClock, VirtualClock } from '../support/virtual-clock.ts';
import type { ApiServer } from './api-server.ts';
import { type CallHooks, Connection } from './connection.ts';
import { OPS } from './setup.ts';
import { drawSkew } from './skew.ts';

/** Pieces of the program that a test breaks on purpose, to see that it is noticed. */
export interface ApiSabotage {
  /** The program is not told when resourceVersions go back. */
  readonly isBlindToRestore?: true;
  readonly api?: (api: KubeApi) => KubeApi;
}

export interface ControllerProcessPorts {
  readonly clock: VirtualClock;
  readonly server: ApiServer;
  readonly random: SeededRandom;
  readonly hooks: CallHooks;
  readonly config: Config;
  /** Gets what the program logs; undefined: it logs nothing. */
  readonly log: ((line: string) => void) | undefined;
  /** The program ended by itself, which it never should. */
  readonly onEnd: (error: unknown) => void;
}

/** What the program uses of the world beside its API server. */
export type OutsideWorld = Pick<ControllerPorts, 'createProvider' | 'post'>;

/** Shared by all: nothing here is decided by what they count or say. */
const metrics = createMetrics('simulation');
const silence = createLog({ level: 'silent', destination: { write: () => undefined } });

/** One process of the real controller, with its own clock and its own way to its API server. */
export class ControllerProcess {
  readonly identity: string;
  readonly api: Connection;
  protected readonly process: ProcessClock;
  readonly #ports: ControllerProcessPorts;
  readonly #stop = new AbortController();
  #ended = false;
  #stopping = false;

  constructor(identity: string, ports: ControllerProcessPorts) {
    const { clock, server, hooks, random } = ports;
    this.identity = identity;
    this.#ports = ports;
    this.process = clock.process({
      origin: random.integer(0, 1_000_000),
      skew: drawSkew(random),
    });
    const way = { actor: identity, clock, process: this.process };
    this.api = new Connection({ ...way, server, hooks, random: random.derive('api') });
  }

  get state(): ProcessClock['state'] | 'ended' {
    return this.#ended ? 'ended' : this.process.state;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /** Timers that it has set and not cancelled. */
  get pending(): number {
    return this.process.pending;
  }

  freeze(ms: number): void {
    this.process.freeze();
    this.#ports.clock.after(ms, () => this.thaw());
  }

  thaw(): void {
    this.process.thaw();
  }

  crash(): void {
    this.process.crash();
  }

  /** Like SIGTERM, which a frozen process hears when it goes on. */
  stop(): void {
    this.#stopping = true;
    this.process.after(0, () => this.#stop.abort(new Error('SIGTERM')));
  }

  protected run(world: OutsideWorld, sabotage: ApiSabotage): void {
    const { config, random, log: write, onEnd } = this.#ports;
    const given = sabotage.api?.(this.api) ?? this.api;
    const api = sabotage.isBlindToRestore ? given : new RestoreDetector(given);
    const log =
      write === undefined
        ? silence
        : createLog({ level: 'debug', destination: { write: (line) => write(logLine(line)) } });
    const controller = new Controller(config, {
      ...world,
      api,
      clock: this.process,
      random: random.derive('program').next,
      log,
      metrics,
      identity: this.identity,
      namespace: OPS,
      restartedAt: '',
      lookup: () => Promise.resolve([]),
      locks: new ZoneLocks(),
      onWatchProblem: (resource, problem) => write?.(`watch of ${resource}: ${problem}`),
    });
    const ended = (error?: unknown) => {
      this.#ended = true;
      if (error !== undefined || !this.#stop.signal.aborted) onEnd(error);
    };
    controller.run(this.#stop.signal).then(() => ended(), ended);
  }
}

/** Without its time, which is the machine's own, and without stacks, which tell of our files. */
function logLine(line: string): string {
  const { time: _, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const text = JSON.stringify(fields, (key, value: unknown) => (key === 'stack' ? undefined : value));
  return `${String(level)}: ${String(msg)} ${text}`;
}
