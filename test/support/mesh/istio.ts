/**
 * What Istio's injector does to a pod, in the parts that matter to other native sidecars: where it puts its containers,
 * and which probes it answers in their place (istio/pkg/kube/inject: reorderPod, patchRewriteProbe).
 */
import type { MeshContainer, MeshPod } from './pod.ts';

const PROXY = 'istio-proxy';
const AGENT_PORT = 15_020;
const OWN = [PROXY, 'istio-init'];
const PROBES = { startupProbe: 'startupz', livenessProbe: 'livez', readinessProbe: 'readyz' } as const;

export interface IstioOptions {
  /** The proxy is a native sidecar. */
  readonly native: boolean;
  /** Leaves probes at ports alone that are left out of the mesh, as it does since 2025. */
  readonly heedsPorts: boolean;
}

export function injectIstio(pod: MeshPod, { native, heedsPorts }: IstioOptions): MeshPod {
  const { metadata, spec } = pod;
  const leftOut = metadata.annotations?.['traffic.sidecar.istio.io/excludeInboundPorts'];
  const ports = (leftOut ?? '').split(',').map(Number);
  const rewrite = (container: MeshContainer): MeshContainer => {
    const rewritten = Object.entries(PROBES).flatMap(([name, path]) => {
      const probe = container[name as keyof typeof PROBES];
      const isKept = heedsPorts && ports.includes(Number(probe?.httpGet?.port));
      if (probe?.httpGet === undefined || isKept) return [];
      const httpGet = { ...probe.httpGet, path: `/app-health/${container.name}/${path}`, port: AGENT_PORT };
      return [[name, { ...probe, httpGet }]];
    });
    return { ...container, ...Object.fromEntries(rewritten) };
  };
  const init = (spec.initContainers ?? []).filter(({ name }) => !OWN.includes(name)).map(rewrite);
  const containers = spec.containers.filter(({ name }) => !OWN.includes(name)).map(rewrite);
  const captured = ['15090', '15021', String(AGENT_PORT), leftOut].filter(Boolean).join(',');
  const istioInit = {
    name: 'istio-init',
    image: 'istio/proxyv2',
    args: ['istio-iptables', '-b', '*', '-d', captured],
  };
  const proxy = { name: PROXY, image: 'istio/proxyv2', ports: [{ containerPort: 15_090 }] };
  return {
    metadata: { ...metadata, annotations: { ...metadata.annotations, 'sidecar.istio.io/status': '{}' } },
    spec: {
      ...spec,
      ...(native
        ? { initContainers: [istioInit, { ...proxy, restartPolicy: 'Always' }, ...init], containers }
        : { initContainers: [...init, istioInit], containers: [...containers, proxy] }),
    },
  };
}
