import { EventEmitter } from 'node:events';
import type { KubeApi, KubeObject, ObjectKey, Resource } from '../../../kubernetes/api.ts';
import { Reflector } from '../../../kubernetes/reflector.ts';
import { systemClock } from '../../../runtime/clock.ts';

interface EndpointSlice extends KubeObject {
  readonly endpoints?: readonly {
    readonly addresses: readonly string[];
    readonly nodeName?: string;
    readonly conditions?: { readonly ready?: boolean };
  }[];
}

const ENDPOINT_SLICES: Resource<EndpointSlice> = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  namespaced: true,
};

/** Where a Service sends connections. */
export interface Routes {
  readonly ready: readonly { readonly address: string; readonly node: string }[];
}

/** Sees where a Service routes, as kube-proxy does: from its EndpointSlices. */
export class ServiceWatch {
  readonly #slices: Reflector<EndpointSlice, Routes>;
  readonly #news = new EventEmitter<{ seen: [] }>().setMaxListeners(0);
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;

  constructor(api: KubeApi, { namespace, name }: Required<ObjectKey>) {
    this.#slices = new Reflector<EndpointSlice, Routes>({
      api,
      clock: systemClock,
      random: Math.random,
      resource: ENDPOINT_SLICES,
      namespace,
      labelSelector: `kubernetes.io/service-name=${name}`,
      transform: ({ endpoints = [] }) => ({
        ready: endpoints
          .filter(({ conditions }) => conditions?.ready !== false)
          .flatMap(({ addresses, nodeName = '' }) =>
            addresses.map((address) => ({ address, node: nodeName })),
          ),
      }),
      onChange: () => this.#news.emit('seen'),
    });
    this.#ended = this.#slices.run(this.#stop.signal);
  }

  get routes(): Routes {
    return { ready: [...this.#slices.list()].flatMap(({ ready }) => ready) };
  }

  /** Resolves to performance.now() when `matches`, at once if it does. */
  async until(matches: (routes: Routes) => boolean, timeoutMs: number): Promise<number> {
    const found = Promise.withResolvers<number>();
    const look = () => {
      if (matches(this.routes)) found.resolve(performance.now());
    };
    this.#news.on('seen', look);
    look();
    const timer = setTimeout(() => {
      found.reject(
        new Error(`Not so in ${timeoutMs} ms; the Service routes to ${JSON.stringify(this.routes.ready)}`),
      );
    }, timeoutMs);
    try {
      return await found.promise;
    } finally {
      clearTimeout(timer);
      this.#news.off('seen', look);
    }
  }

  /** Calls back with the routes after each change, until the returned function is called. */
  onSeen(listener: (routes: Routes) => void): () => void {
    const look = () => listener(this.routes);
    this.#news.on('seen', look);
    return () => this.#news.off('seen', look);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }
}
