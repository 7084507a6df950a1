import { ObjectIndex, parseKey } from '../../../kubernetes/object-index.ts';
import type { Reflector } from '../../../kubernetes/reflector.ts';
import { PODS, type Pod } from '../../../kubernetes/resources.ts';
import { reflect, type WatchPorts } from '../../reflect.ts';
import { type Run, Shared } from '../../shared.ts';
import { type RoutedPod, routedPod } from './pods.ts';

export interface PodsListener {
  /** Undefined: it is gone, or was not there before. */
  onPod(namespace: string, now: RoutedPod | undefined, before: RoutedPod | undefined): void;
  /** All pods are in the index from now on. */
  onAllKnown(): void;
}

/**
 * The pods of the cluster as Services that follow need them. There may be tens of thousands, and up to 16 followers: so they are
 * watched and kept once for all of them, as long as any follower asks for them.
 */
export class RoutedPods {
  readonly index = new ObjectIndex<RoutedPod>();
  readonly #ports: WatchPorts;
  readonly #followers: readonly string[];
  readonly #shared: Shared<PodsListener>;

  constructor(ports: WatchPorts, followers: readonly string[]) {
    this.#ports = ports;
    this.#followers = followers;
    this.#shared = new Shared({
      begin: (stop) => this.#begin(stop),
      onThrow: (error) => ports.onWatchProblem(PODS.plural, 'handler', error),
    });
  }

  /** As it is kept here. */
  kept(pod: Pod): RoutedPod {
    return routedPod(this.#followers, pod);
  }

  /** Tells `listener` until `abort` fires. */
  listen(listener: PodsListener, abort: AbortSignal): Promise<void> {
    return this.#shared.listen(listener, abort);
  }

  #begin(stop: AbortSignal): Run<PodsListener> {
    const pods: Reflector<Pod, RoutedPod> = reflect(this.#ports, {
      resource: PODS,
      transform: (pod) => this.kept(pod),
      onPutBack: () => this.index.clear(),
      onChange: (key, now, before) => {
        if (!stop.aborted) this.#onChange(key, now, before);
      },
    });
    let isComplete = false;
    void pods.synced.then(() => {
      if (stop.aborted) return;
      isComplete = true;
      this.#shared.tell((listener) => listener.onAllKnown());
    });
    stop.addEventListener('abort', () => this.index.clear(), { once: true });
    return {
      ended: pods.run(stop),
      join: (listener) => {
        if (isComplete) listener.onAllKnown();
      },
    };
  }

  #onChange(key: string, now: RoutedPod | undefined, before: RoutedPod | undefined): void {
    const parsed = parseKey(key);
    if (now === undefined) this.index.delete(parsed);
    else if (!this.index.set(now)) return;
    this.#shared.tell((listener) => listener.onPod(parsed.namespace, now, before));
  }
}
