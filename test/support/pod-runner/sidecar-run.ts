import { setTimeout as delay } from 'node:timers/promises';
import type { ChildProcess } from '../process.ts';
import type { ContainerManifest } from './manifest.ts';
import { verdicts } from './probe.ts';

/** As in the status of a container. */
export interface ContainerState {
  readonly running: boolean;
  readonly started: boolean;
  readonly ready: boolean;
  readonly restartCount: number;
}

export interface SidecarRunOptions {
  readonly container: ContainerManifest;
  /** Where its probes find it. */
  readonly address: string;
  readonly start: () => Promise<ChildProcess>;
  readonly onChange: () => void;
}

/** A kubelet starts a container anew at once, then waits longer each time. */
const RESTART_MS = { first: 10_000, most: 300_000 };
const GRACE_MS = 10_000;

/** Keeps a native sidecar running, and knows from its probes how it is. */
export class SidecarRun {
  readonly container: ContainerManifest;
  /** Resolves when the application may start. */
  readonly started: Promise<void>;
  readonly #options: SidecarRunOptions;
  readonly #markStarted: () => void;
  #state: ContainerState = { running: false, started: false, ready: false, restartCount: 0 };
  #process: ChildProcess | undefined;

  constructor(options: SidecarRunOptions) {
    this.container = options.container;
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.started = promise;
    this.#markStarted = resolve;
  }

  get state(): ContainerState {
    return this.#state;
  }

  /** Of its present life; undefined between two. */
  get process(): ChildProcess | undefined {
    return this.#process;
  }

  /** Until `abort` fires and the process has ended. */
  async run(abort: AbortSignal): Promise<void> {
    for (let restartCount = 0; !abort.aborted; restartCount += 1) {
      const waitMs =
        restartCount < 2 ? 0 : Math.min(RESTART_MS.first * 2 ** (restartCount - 2), RESTART_MS.most);
      await delay(waitMs, undefined, { signal: abort }).catch(() => undefined); // Aborted: not started again.
      if (!abort.aborted) await this.#live(restartCount, abort);
    }
    this.#markStarted();
  }

  async #live(restartCount: number, abort: AbortSignal): Promise<void> {
    const child = await this.#options.start();
    this.#process = child;
    this.#change({ running: true, restartCount });
    const life = new AbortController();
    const kill = () => void child.stop(GRACE_MS);
    abort.addEventListener('abort', kill, { once: true });
    if (abort.aborted) kill();
    const probing = this.#probe(life.signal, kill);
    await child.exited;
    abort.removeEventListener('abort', kill);
    life.abort();
    await probing;
    this.#process = undefined;
    this.#change({ running: false, started: false, ready: false });
  }

  async #probe(abort: AbortSignal, kill: () => void): Promise<void> {
    const { address, container } = this.#options;
    const { startupProbe, livenessProbe, readinessProbe } = container;
    if (startupProbe !== undefined) {
      const { value: passed } = await verdicts(startupProbe, address, abort).next();
      if (passed === false) kill();
      if (passed !== true) return;
    }
    this.#change({ started: true, ready: readinessProbe === undefined });
    this.#markStarted();
    const watchReadiness = async () => {
      if (readinessProbe === undefined) return;
      for await (const ready of verdicts(readinessProbe, address, abort)) this.#change({ ready });
    };
    const watchLiveness = async () => {
      if (livenessProbe === undefined) return;
      for await (const alive of verdicts(livenessProbe, address, abort)) if (!alive) kill();
    };
    await Promise.all([watchReadiness(), watchLiveness()]);
  }

  #change(part: Partial<ContainerState>): void {
    this.#state = { ...this.#state, ...part };
    this.#options.onChange();
  }
}
