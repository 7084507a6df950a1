import { ObjectIndex, parseKey } from '../../../kubernetes/object-index.ts';
import type { Reflector } from '../../../kubernetes/reflector.ts';
import { PODS, type Pod } from '../../../kubernetes/resources.ts';
import { aborted } from '../../../runtime/clock.ts';
import { reflect, type WatchPorts } from '../../reflect.ts';
import { type RoutedPod, routedPod } from './pods.ts';

export interface PodsListener {
  /** Undefined: it is gone, or was not there before. */
  onPod(namespace: string, now: RoutedPod | undefined, before: RoutedPod | undefined): void;
  /** All pods are in the index from now on. */
  onAllKnown(): void;
}

interface Watch {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
  isComplete: boolean;
}

/**
 * The pods of the cluster as Services that follow need them. There may be tens of thousands, and up to 16 followers: so they are
 * watched and kept once for all of them, as long as any follower asks for them.
 */
export class RoutedPods {
  readonly index = new ObjectIndex<RoutedPod>();
  readonly #ports: WatchPorts;
  readonly #followers: readonly string[];
  readonly #listeners = new Set<PodsListener>();
  #watch: Watch | undefined;

  constructor(ports: WatchPorts, followers: readonly string[]) {
    this.#ports = ports;
    this.#followers = followers;
  }

  /** As it is kept here. */
  kept(pod: Pod): RoutedPod {
    return routedPod(this.#followers, pod);
  }

  /** Tells `listener` until `abort` fires. */
  async listen(listener: PodsListener, abort: AbortSignal): Promise<void> {
    if (abort.aborted) return;
    this.#listeners.add(listener);
    this.#watch ??= this.#begin();
    const watch = this.#watch;
    if (watch.isComplete) listener.onAllKnown();
    await aborted(abort);
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    this.#watch = undefined;
    this.index.clear();
    watch.stop.abort();
    await watch.ended;
  }

  #begin(): Watch {
    const stop = new AbortController();
    const pods: Reflector<Pod, RoutedPod> = reflect(this.#ports, {
      resource: PODS,
      transform: (pod) => this.kept(pod),
      onPutBack: () => this.index.clear(),
      onChange: (key, now, before) => {
        if (!stop.signal.aborted) this.#onChange(key, now, before);
      },
    });
    const watch: Watch = { stop, ended: pods.run(stop.signal), isComplete: false };
    void pods.synced.then(() => {
      if (stop.signal.aborted) return;
      watch.isComplete = true;
      this.#tell((listener) => listener.onAllKnown());
    });
    return watch;
  }

  #onChange(key: string, now: RoutedPod | undefined, before: RoutedPod | undefined): void {
    const parsed = parseKey(key);
    if (now === undefined) this.index.delete(parsed);
    else if (!this.index.set(now)) return;
    this.#tell((listener) => listener.onPod(parsed.namespace, now, before));
  }

  /** A defect in one follower is nothing of the others. */
  #tell(news: (listener: PodsListener) => void): void {
    for (const listener of this.#listeners) {
      try {
        news(listener);
      } catch (error) {
        this.#ports.onWatchProblem(PODS.plural, 'handler', error);
      }
    }
  }
}
