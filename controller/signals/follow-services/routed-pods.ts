import { ObjectIndex, parseKey } from '../../../kubernetes/object-index.ts';
import type { Reflector } from '../../../kubernetes/reflector.ts';
import { PODS, type Pod } from '../../../kubernetes/resources.ts';
import { reflect, type WatchPorts } from '../../watch/reflect.ts';
import { type Run, SharedWatch } from '../../watch/shared-watch.ts';
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
export class RoutedPods extends SharedWatch<PodsListener> {
  readonly index = new ObjectIndex<RoutedPod>();
  readonly #followers: readonly string[];

  constructor(ports: WatchPorts, followers: readonly string[]) {
    super(ports, PODS);
    this.#followers = followers;
  }

  /** As it is kept here. */
  fromPod(pod: Pod): RoutedPod {
    return routedPod(this.#followers, pod);
  }

  protected override begin(stop: AbortSignal): Run<PodsListener> {
    const pods: Reflector<Pod, RoutedPod> = reflect(this.ports, {
      resource: PODS,
      transform: (pod) => this.fromPod(pod),
      onRestored: () => this.index.clear(),
      onChange: (key, now, before) => {
        if (!stop.aborted) this.#onChange(key, now, before);
      },
    });
    void pods.synced.then(() => {
      if (!stop.aborted) this.notify((listener) => listener.onAllKnown());
    });
    stop.addEventListener('abort', () => this.index.clear(), { once: true });
    return {
      ended: pods.run(stop),
      join: (listener) => {
        if (pods.isSynced) listener.onAllKnown();
      },
    };
  }

  #onChange(key: string, now: RoutedPod | undefined, before: RoutedPod | undefined): void {
    const parsed = parseKey(key);
    if (now === undefined) this.index.delete(parsed);
    else if (!this.index.set(now)) return;
    this.notify((listener) => listener.onPod(parsed.namespace, now, before));
  }
}
