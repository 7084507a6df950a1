import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { ACTIVE_CONDITION } from '../../contract/routing.ts';
import type { InjectorConfig } from '../injector-config.ts';
import { findConflicts } from './conflicts.ts';
import { sidecarProbes } from './container.ts';
import { decide, INJECTED, type PodContext, type SkipReason } from './decision.ts';
import { findKept } from './kept.ts';
import { FROM_NAMESPACE } from './label.ts';
import { meshWarnings, restoredProbes } from './mesh.ts';
import { insertItems, type Operation, setEntries } from './patch.ts';
import { defaultResources, endsGuaranteed } from './resources.ts';
import { readSettings, type Settings } from './settings.ts';
import type { Pod } from './shape.ts';
import { sidecarOf } from './sidecar.ts';
import { misspeltAnnotations } from './suggest.ts';

export type Injection =
  | { readonly kind: 'injected'; readonly patch: readonly Operation[]; readonly warnings: readonly string[] }
  | { readonly kind: 'skipped'; readonly reason: SkipReason; readonly message: string }
  /** The pod would not work with the sidecar that it asks for. */
  | { readonly kind: 'denied'; readonly problems: readonly string[] };

/** Injects into a new pod, or offline into a pod template. */
export function injectPod(pod: Pod, context: PodContext, config: InjectorConfig): Injection {
  const decision = decide(pod, context, config.namespace);
  if (decision.kind === 'skip') {
    const restored = decision.reason === 'already-injected' ? restoreProbes(pod, config) : undefined;
    if (restored !== undefined) return restored;
    return { kind: 'skipped', reason: decision.reason, message: decision.message };
  }
  if (decision.kind === 'deny') return { kind: 'denied', problems: [decision.problem] };
  const annotations = pod.metadata?.annotations ?? {};
  const { settings, problems } = readSettings(annotations, defaultResources(pod, config.resources));
  const all = [...problems, ...findConflicts(pod, settings)];
  if (all.length > 0) return { kind: 'denied', problems: all };
  return {
    kind: 'injected',
    patch: injectionPatch(pod, decision.askedBy === 'namespace', settings, config),
    warnings: warningsFor(pod, settings),
  };
}

/** Undoes a mesh’s change of the sidecar’s probes that would keep it from starting. */
function restoreProbes(pod: Pod, config: InjectorConfig): Injection | undefined {
  const annotations = pod.metadata?.annotations ?? {};
  // A copy of a pod has no annotations, so its settings are unknown.
  if (annotations[ANNOTATIONS.status] !== INJECTED) return undefined;
  const { settings } = readSettings(annotations, config.resources);
  const patch = restoredProbes(pod, sidecarProbes(settings));
  const warnings = meshWarnings(pod, settings.probePort);
  return patch.length === 0 ? undefined : { kind: 'injected', patch, warnings };
}

function injectionPatch(
  pod: Pod,
  labelled: boolean,
  settings: Settings,
  config: InjectorConfig,
): Operation[] {
  const { metadata, spec } = pod;
  const isGated = settings.gate === 'condition';
  const kept = isGated ? findKept(pod) : [];
  const { containers, volumes } = sidecarOf(config, settings);
  const gates = isGated && !kept.includes('readiness-gate') ? [{ conditionType: ACTIVE_CONDITION }] : [];
  const marks = {
    labels: {
      ...(labelled && { [LABELS.inject]: 'true' }),
      // By this label the controller finds the pods whose condition it sets.
      ...(isGated && { [LABELS.gate]: 'condition' }),
    },
    annotations: {
      [ANNOTATIONS.status]: INJECTED,
      ...(labelled && { [ANNOTATIONS.carriedLabel]: FROM_NAMESPACE }),
      ...(kept.length > 0 && { [ANNOTATIONS.kept]: kept.join(',') }),
    },
  };
  return [
    ...mark(metadata, marks),
    // First, so that all other containers can ask it from the start, native sidecars included.
    ...insertItems('/spec/initContainers', spec.initContainers, 'first', containers),
    ...insertItems('/spec/volumes', spec.volumes, 'last', volumes),
    ...(gates.length > 0 ? insertItems('/spec/readinessGates', spec.readinessGates, 'last', gates) : []),
  ];
}

/** Adds labels and annotations; a template may have no metadata. */
export function mark(
  metadata: Pod['metadata'],
  {
    labels,
    annotations,
  }: { readonly labels: Record<string, string>; readonly annotations: Record<string, string> },
): Operation[] {
  return [
    ...(metadata === undefined || metadata === null
      ? [{ op: 'add', path: '/metadata', value: {} } as const]
      : []),
    ...setEntries('/metadata/labels', metadata?.labels, labels),
    ...setEntries('/metadata/annotations', metadata?.annotations, annotations),
  ];
}

function warningsFor(pod: Pod, settings: Settings): string[] {
  const warnings = [
    ...misspeltAnnotations(pod.metadata?.annotations ?? {}),
    ...meshWarnings(pod, settings.probePort),
  ];
  if (endsGuaranteed(pod, settings.resources)) {
    warnings.push(
      `the sidecar makes this Guaranteed pod Burstable; to keep it, let ${ANNOTATIONS.cpuRequest} equal cpu-limit and memory-request equal memory-limit`,
    );
  }
  return warnings;
}
