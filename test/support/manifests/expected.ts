import { Documents } from '../../../cli/manifests/documents.ts';
import { findPods } from '../../../cli/manifests/objects.ts';
import { injectPod } from '../../../webhook/inject/inject.ts';
import { at, type Operation, pointer } from '../../../webhook/inject/patch.ts';
import { readPod, readWorkload } from '../../../webhook/inject/shape.ts';
import { propagateLabel } from '../../../webhook/inject/workload.ts';
import type { InjectorConfig } from '../../../webhook/injector-config.ts';
import { applyPatch } from '../json-patch.ts';

/** What injection has to make of an object, by the JSON Patches of the webhook. */
export function injected(object: unknown, config: InjectorConfig): unknown {
  const [found] = findPods(new Documents(JSON.stringify(object)));
  if (found === undefined) return object;
  const carried = applyPatch(object, carriedLabel(found.kind, object));
  const pod = readPod(
    found.podPath.reduce<unknown>((value, step) => (value as Record<typeof step, unknown>)[step], carried),
  );
  if (!pod.ok) throw new Error(pod.problem);
  const injection = injectPod(pod.value, { namespace: found.namespace, namespaceAsks: false }, config);
  return injection.kind === 'injected'
    ? applyPatch(carried, at(pointer(...found.podPath), injection.patch))
    : carried;
}

function carriedLabel(kind: string, object: unknown): readonly Operation[] {
  if (!['Deployment', 'StatefulSet', 'DaemonSet'].includes(kind)) return [];
  const workload = readWorkload(object);
  return workload.ok ? propagateLabel(workload.value).patch : [];
}
