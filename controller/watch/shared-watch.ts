import type { Resource } from '../../kubernetes/api.ts';
import { aborted } from '../../runtime/clock.ts';
import type { WatchPorts } from './reflect.ts';

export interface Run<L> {
  /** Never rejects. */
  readonly ended: Promise<void>;
  /** Tells a listener what the others know already. */
  readonly join: (listener: L) => void;
}

/** A watch that runs once for all who listen to it, as long as any of them does: there are up to 16 followers. */
export abstract class SharedWatch<L> {
  protected readonly ports: WatchPorts;
  protected readonly listeners = new Set<L>();
  readonly #resource: Resource;
  #current: { readonly stop: AbortController; readonly run: Run<L> } | undefined;

  constructor(ports: WatchPorts, resource: Resource) {
    this.ports = ports;
    this.#resource = resource;
  }

  /** Runs until `stop` fires. Called again when somebody listens after that. */
  protected abstract begin(stop: AbortSignal): Run<L>;

  /** Tells `listener` until `abort` fires. */
  async listen(listener: L, abort: AbortSignal): Promise<void> {
    if (abort.aborted) return;
    this.listeners.add(listener);
    this.#current ??= this.#begin();
    const { stop, run } = this.#current;
    run.join(listener);
    await aborted(abort);
    this.listeners.delete(listener);
    if (this.listeners.size > 0) return;
    this.#current = undefined;
    stop.abort();
    await run.ended;
  }

  /** A defect in one follower is nothing of the others. */
  protected notify(news: (listener: L) => void): void {
    for (const listener of this.listeners) {
      try {
        news(listener);
      } catch (error) {
        this.ports.onWatchProblem(this.#resource.plural, 'handler', error);
      }
    }
  }

  #begin() {
    const stop = new AbortController();
    return { stop, run: this.begin(stop.signal) };
  }
}
