/** In the role of the scheduler: binds each new pod to the node with the fewest pods of the same owner. */

import { Reflector } from '../../../kubernetes/reflector.ts';
import { systemClock } from '../../../runtime/clock.ts';
import type { ControlPlaneAccess } from '../control-plane-access.ts';
import { post } from '../raw-api.ts';
import { POD_MANIFESTS, type PodManifest } from './manifest.ts';

export interface PodBinder {
  stop(): Promise<void>;
}

/** For the pods of one namespace. */
export function startPodBinder(
  plane: ControlPlaneAccess,
  { namespace, nodes }: { readonly namespace: string; readonly nodes: readonly string[] },
): PodBinder {
  const chosen = new Map<string, { readonly owner: string; readonly node: string }>();
  const pending = new Set<Promise<void>>();
  const stop = new AbortController();
  const choose = ({ metadata, spec }: PodManifest): string | undefined => {
    const { uid = '', ownerReferences = [], deletionTimestamp } = metadata;
    if (spec.nodeName !== undefined || deletionTimestamp !== undefined || chosen.has(uid)) return undefined;
    const owner = ownerReferences[0]?.uid ?? '';
    const pods = [...chosen.values()].filter((other) => other.owner === owner);
    const load = (node: string) => pods.filter((other) => other.node === node).length;
    const node = nodes.toSorted((one, other) => load(one) - load(other))[0];
    if (node !== undefined) chosen.set(uid, { owner, node });
    return node;
  };
  const bind = async ({ metadata: { name, uid } }: PodManifest, node: string) => {
    const target = { apiVersion: 'v1', kind: 'Node', name: node };
    const body = { apiVersion: 'v1', kind: 'Binding', metadata: { name, uid }, target };
    const { status, body: answer } = await post(
      plane,
      `/api/v1/namespaces/${namespace}/pods/${name}/binding`,
      body,
    );
    // 404 and 409: the pod was deleted meanwhile.
    if (![201, 404, 409].includes(status)) throw new Error(`${name} could not be bound: ${answer.message}`);
  };
  const reflector = new Reflector<PodManifest, PodManifest>({
    api: plane.api,
    clock: systemClock,
    random: Math.random,
    resource: POD_MANIFESTS,
    namespace,
    transform: (pod) => pod,
    onChange(_key, now, before) {
      if (now === undefined) chosen.delete(before?.metadata.uid ?? '');
      else {
        const node = choose(now);
        if (node === undefined) return;
        const binding = bind(now, node).finally(() => pending.delete(binding));
        pending.add(binding);
      }
    },
  });
  const watching = reflector.run(stop.signal);
  return {
    async stop() {
      stop.abort();
      await watching;
      await Promise.all(pending);
    },
  };
}
