/** What Linkerd's injector does to a pod: it appends, and leaves probes alone (linkerd2/charts/patch, partials.proxy-init). */
import type { MeshPod } from './pod.ts';

const PROXY = 'linkerd-proxy';

export function injectLinkerd(
  { metadata, spec }: MeshPod,
  { native }: { readonly native: boolean },
): MeshPod {
  const all = [...(spec.initContainers ?? []), ...spec.containers];
  if (all.some(({ name }) => name === PROXY)) return { metadata, spec };
  const skipped = metadata.annotations?.['config.linkerd.io/skip-inbound-ports'];
  const ignored = ['4190', '4191', skipped].filter(Boolean).join(',');
  const init = {
    name: 'linkerd-init',
    image: 'linkerd/proxy-init',
    args: ['--inbound-ports-to-ignore', ignored],
  };
  const proxy = { name: PROXY, image: 'linkerd/proxy', ports: [{ containerPort: 4_143 }] };
  const before = [...(spec.initContainers ?? []), init];
  return {
    metadata,
    spec: {
      ...spec,
      ...(native
        ? { initContainers: [...before, { ...proxy, restartPolicy: 'Always' }] }
        : { initContainers: before, containers: [...spec.containers, proxy] }),
    },
  };
}
