import type { KubeApi, KubeObject, ObjectKey } from '../../../kubernetes/api.ts';
import { Reflector } from '../../../kubernetes/reflector.ts';
import { namespaced } from '../../../kubernetes/resources.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { Background } from '../background.ts';
import { News } from '../news.ts';

export interface EndpointSlice extends KubeObject {
  readonly endpoints?: readonly {
    readonly addresses: readonly string[];
    readonly nodeName?: string;
    readonly conditions?: { readonly ready?: boolean };
  }[];
}

export const ENDPOINT_SLICES = namespaced<EndpointSlice>(
  'discovery.k8s.io/v1',
  'endpointslices',
  'EndpointSlice',
);

/** Where a Service sends connections. */
export interface Routes {
  readonly ready: readonly { readonly address: string; readonly node: string }[];
}

/** Sees where a Service routes, as kube-proxy does: from its EndpointSlices. */
export class ServiceWatch extends Background {
  readonly #slices: Reflector<EndpointSlice, Routes>;
  readonly #news = new News<Routes>();

  constructor(api: KubeApi, { namespace, name }: Required<ObjectKey>) {
    super();
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
      onChange: () => this.#news.tell(this.routes),
    });
  }

  protected override run(abort: AbortSignal): Promise<void> {
    return this.#slices.run(abort);
  }

  get routes(): Routes {
    return { ready: [...this.#slices.list()].flatMap(({ ready }) => ready) };
  }

  /** Resolves to performance.now() when `matches`, at once if it does. */
  until(matches: (routes: Routes) => boolean, timeoutMs: number): Promise<number> {
    const look = (routes: Routes) => (matches(routes) ? performance.now() : undefined);
    return this.#news.first([this.routes], look, {
      timeoutMs,
      inVain: () => `the Service routes to ${JSON.stringify(this.routes.ready)}`,
    });
  }

  /** Calls back with the routes after each change, until the returned function is called. */
  onSeen(listener: (routes: Routes) => void): () => void {
    return this.#news.onTold(listener);
  }
}
