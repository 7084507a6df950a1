import type { Config } from '../../controller/config.ts';
import { createController } from '../../controller/controller.ts';
import { createLog } from '../../controller/log.ts';
import { createMetrics } from '../../controller/metrics.ts';
import type { NamecheapApi } from '../../dns/namecheap/api.ts';
import { NamecheapProvider } from '../../dns/namecheap/provider.ts';
import { ZoneLocks } from '../../dns/zone-locks.ts';
import type { KubeApi } from '../../kubernetes/api.ts';
import { PutBackDetector } from '../../kubernetes/put-back.ts';
import type { Post } from '../../notify/post.ts';
import type { SeededRandom } from '../support/random.ts';
import type { ProcessClock, VirtualClock } from '../support/virtual-clock.ts';
import type { ApiServer } from './api-server.ts';
import { type CallHooks, Connection } from './connection.ts';
import { type Receiver, ReceiverConnection } from './receiver.ts';
import { type Registrar, RegistrarConnection } from './registrar.ts';
import { OPS } from './setup.ts';
import { drawSkew } from './skew.ts';

/** Pieces of the program that a test breaks on purpose, to see that it is noticed. */
export interface Sabotage {
  /** The program is not told when resourceVersions go back. */
  readonly isBlindToPutBack?: true;
  readonly api?: (api: KubeApi) => KubeApi;
  readonly registrar?: (api: NamecheapApi) => NamecheapApi;
  readonly post?: (post: Post) => Post;
}

export interface ReplicaPorts {
  readonly clock: VirtualClock;
  readonly server: ApiServer;
  readonly registrar: Registrar;
  readonly receiver: Receiver;
  readonly random: SeededRandom;
  readonly hooks: CallHooks;
  readonly config: Config;
  readonly sabotage: Sabotage;
  readonly mayLead: (actor: string) => boolean;
  /** A call of the registrar; as CallHooks.onCall. */
  readonly onRegistrarCall: (actor: string, verb: string) => void;
  /** Gets what the program logs; undefined: it logs nothing. */
  readonly log: ((line: string) => void) | undefined;
  /** The program ended by itself, which it never should. */
  readonly onEnd: (error: unknown) => void;
}

/** Shared by all: nothing here is decided by what they count or say. */
const metrics = createMetrics('simulation');
const silence = createLog({ level: 'silent', destination: { write: () => undefined } });

/** One process of the real controller, with its own clock and its own ways to the servers. */
export class Replica {
  readonly identity: string;
  readonly api: Connection;
  readonly registrar: RegistrarConnection;
  readonly receiver: ReceiverConnection;
  readonly #process: ProcessClock;
  readonly #clock: VirtualClock;
  readonly #stop = new AbortController();
  #ended = false;
  #stopping = false;

  constructor(identity: string, ports: ReplicaPorts) {
    const { clock, server, hooks, random, log, mayLead } = ports;
    this.identity = identity;
    this.#clock = clock;
    this.#process = clock.process({
      origin: random.integer(0, 1_000_000),
      skew: drawSkew(random),
    });
    const common = { actor: identity, clock, process: this.#process };
    this.api = new Connection({ ...common, server, hooks, random: random.derive('api') });
    this.registrar = new RegistrarConnection(ports.registrar, {
      ...common,
      mayLead,
      random: random.derive('registrar'),
      onCall: (verb) => ports.onRegistrarCall(identity, verb),
      onTrouble: (what) => log?.(`registrar ${what}`),
    });
    this.receiver = new ReceiverConnection(ports.receiver, {
      ...common,
      mayLead,
      random: random.derive('receiver'),
      onTrouble: (what) => log?.(what),
    });
    this.#run(ports);
  }

  get state(): ProcessClock['state'] | 'ended' {
    return this.#ended ? 'ended' : this.#process.state;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /** Timers that it has set and not cancelled. */
  get pending(): number {
    return this.#process.pending;
  }

  freeze(ms: number): void {
    this.#process.freeze();
    this.#clock.after(ms, () => this.thaw());
  }

  thaw(): void {
    this.#process.thaw();
  }

  crash(): void {
    this.#process.crash();
  }

  /** Like SIGTERM, which a frozen process hears when it goes on. */
  stop(): void {
    this.#stopping = true;
    this.#process.after(0, () => this.#stop.abort(new Error('SIGTERM')));
  }

  #run({ config, random, sabotage, log: write, onEnd }: ReplicaPorts): void {
    const { identity } = this;
    const given = sabotage.api?.(this.api) ?? this.api;
    const api = sabotage.isBlindToPutBack ? given : new PutBackDetector(given);
    const registrar = sabotage.registrar?.(this.registrar) ?? this.registrar;
    const log =
      write === undefined
        ? silence
        : createLog({ level: 'debug', destination: { write: (line) => write(logLine(line)) } });
    const controller = createController(config, {
      api,
      clock: this.#process,
      random: random.derive('program').next,
      log,
      metrics,
      identity,
      namespace: OPS,
      restartedAt: '',
      createProvider: (_config, ports) =>
        Promise.resolve(new NamecheapProvider({ ...ports, api: registrar })),
      lookup: () => Promise.resolve([]),
      locks: new ZoneLocks(),
      post: sabotage.post?.(this.receiver.post) ?? this.receiver.post,
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
