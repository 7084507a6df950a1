import type { KubeObject } from '../../kubernetes/api.ts';
import type { Reflector, ReflectorOptions } from '../../kubernetes/reflector.ts';
import { reflect, type WatchPorts } from './reflect.ts';
import { type Run, SharedWatch } from './shared-watch.ts';

export interface WatchListener<V> {
  /** As of a reflector; who comes later is told of everything that is known. */
  onChange(key: string, now: V | undefined, before: V | undefined): void;
  /** After the first complete list. */
  onSynced?(): void;
  /** Versions have gone back: everything comes again. */
  onRestored?(): void;
}

type Watched<T extends KubeObject, V> = Pick<
  ReflectorOptions<T, V>,
  'resource' | 'labelSelector' | 'metadataOnly' | 'transform'
>;

/** A watch for all followers, while any of them needs it: what it shows is sent, read and kept once. */
export class SharedReflector<T extends KubeObject, V> extends SharedWatch<WatchListener<V>> {
  readonly #watched: Watched<T, V>;

  constructor(ports: WatchPorts, watched: Watched<T, V>) {
    super(ports, watched.resource);
    this.#watched = watched;
  }

  protected override begin(stop: AbortSignal): Run<WatchListener<V>> {
    const watched: Reflector<T, V> = reflect(this.ports, {
      ...this.#watched,
      onRestored: () => this.notify((listener) => listener.onRestored?.()),
      onChange: (key, now, before) => {
        if (!stop.aborted) this.notify((listener) => listener.onChange(key, now, before));
      },
    });
    void watched.synced.then(() => {
      if (!stop.aborted) this.notify((listener) => listener.onSynced?.());
    });
    return {
      ended: watched.run(stop),
      join: (listener) => {
        for (const [key, value] of watched.entries()) listener.onChange(key, value, undefined);
        if (watched.isSynced) listener.onSynced?.();
      },
    };
  }
}
