/**
 * A service mesh sends the incoming traffic of a pod through a proxy. The kubelet probes the sidecar by plain HTTP, which a
 * mesh that requires mTLS refuses, unless the port is excluded.
 */
import { SIDECAR_CONTAINER } from '../../contract/sidecar.ts';
import { type Operation, pointer } from './patch.ts';
import { type Container, containersOf, type Pod } from './shape.ts';

interface Mesh {
  readonly name: string;
  /** Its containers. */
  readonly containers: readonly string[];
  /** Labels and annotations by which a pod asks for it, except with these values. */
  readonly asks: Readonly<Record<string, readonly string[]>>;
  /** The annotation for excluded ports. */
  readonly leftOut: string;
  readonly when: string;
}

/** The path at which Istio’s agent answers probes for a container (istio/pkg/kube/inject, FormatProberURL). */
export const REWRITTEN = '/app-health/';
/** The container of that agent. */
export const ISTIO_PROXY = 'istio-proxy';

const MESHES: readonly Mesh[] = [
  {
    name: 'Istio',
    containers: [ISTIO_PROXY, 'istio-init', 'istio-validation'],
    asks: { 'sidecar.istio.io/inject': ['false'], 'istio.io/rev': [] },
    leftOut: 'traffic.sidecar.istio.io/excludeInboundPorts',
    when: 'mTLS is STRICT',
  },
  {
    name: 'Linkerd',
    containers: ['linkerd-proxy', 'linkerd-init', 'linkerd-network-validator'],
    asks: { 'linkerd.io/inject': ['disabled'] },
    leftOut: 'config.linkerd.io/skip-inbound-ports',
    when: 'the default policy admits only authenticated clients',
  },
];

/** Warns of a pod in a mesh whose sidecar the kubelet would not reach. */
export function meshWarnings(pod: Pod, probePort: number): string[] {
  const { labels, annotations } = pod.metadata ?? {};
  const said = { ...annotations, ...labels };
  const names = containersOf(pod).map(({ name }) => name ?? '');
  return MESHES.filter(
    ({ containers, asks, leftOut }) =>
      (containers.some((name) => names.includes(name)) ||
        Object.entries(asks).some(([key, not]) => said[key] !== undefined && !not.includes(said[key]))) &&
      !includesPort(annotations?.[leftOut], probePort),
  ).map(
    ({ name, leftOut, when }) =>
      `${name} takes the kubelet's probes at port ${probePort}, and refuses them where ${when}: the pod would never get ready. Set the annotation ${leftOut} to "${[annotations?.[leftOut], probePort].filter(Boolean).join(',')}" in the pod template`,
  );
}

/** Comma-separated ports; Linkerd has ranges, too. */
function includesPort(list: string | undefined, port: number): boolean {
  return (list ?? '').split(',').some((item) => {
    const [first, last = first] = item.trim().split('-').map(Number);
    return first !== undefined && last !== undefined && first <= port && port <= last;
  });
}

const PROBES = ['startupProbe', 'livenessProbe', 'readinessProbe'] as const;

/**
 * Istio rewrites all probes of a pod so that its proxy answers them, those of native sidecars included. A proxy that is not
 * a native sidecar itself starts after all of them, so the sidecar’s startup probe would wait for it for ever. This
 * restores `probes`.
 */
export function restoredProbes(pod: Pod, probes: Readonly<Record<string, unknown>>): Operation[] {
  const { initContainers } = pod.spec;
  const index = initContainers?.findIndex(({ name }) => name === SIDECAR_CONTAINER) ?? -1;
  const sidecar = initContainers?.[index];
  const startsLater = pod.spec.containers?.some(({ name }) => name === ISTIO_PROXY) === true;
  if (sidecar === undefined || !startsLater || !isRewritten(sidecar)) return [];
  const at = `/spec/initContainers${pointer(index)}`;
  return PROBES.filter((name) => sidecar[name]?.httpGet?.path?.startsWith(REWRITTEN) === true).map(
    (name) => ({
      op: 'add',
      path: at + pointer(name),
      value: probes[name],
    }),
  );
}

function isRewritten(container: Container): boolean {
  return container.startupProbe?.httpGet?.path?.startsWith(REWRITTEN) === true;
}
