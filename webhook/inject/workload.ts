import { databaseMember } from '../../contract/databases.ts';
import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { shown } from '../../kubernetes/cut.ts';
import type { InjectorConfig } from '../injector-config.ts';
import { isAsAsked } from './decision.ts';
import { injectPod, mark } from './inject.ts';
import { labelOrigin, readLabel } from './label.ts';
import { type Limit, limitWarnings } from './limits.ts';
import { at, type Operation, removeEntries } from './patch.ts';
import type { Pod, Workload } from './shape.ts';
import { stallWarnings } from './stalls.ts';

export interface LabelPropagation {
  /** carried: the label was added to the template. taken-back: it was removed again. */
  readonly change: 'carried' | 'taken-back' | 'none';
  readonly patch: readonly Operation[];
  readonly warnings: readonly string[];
}

const TEMPLATE = '/spec/template';

/**
 * Propagates the inject label of a Deployment, StatefulSet or DaemonSet to its pod template, and removes it again when the
 * workload does not have it any more. An annotation tells a propagated label from one that the user set, and stays with the
 * template through `kubectl rollout undo`. Nothing is denied: a workload that cannot be updated cannot be scaled either.
 */
export function propagateLabel({ metadata, spec }: Workload): LabelPropagation {
  const wanted = metadata?.labels?.[LABELS.inject];
  if (readLabel(metadata?.labels) === 'unclear') {
    return unchanged(
      `label ${LABELS.inject}: "${shown(wanted ?? '')}" has no effect, it must be "true" or "false"`,
    );
  }
  if (spec.selector?.matchLabels?.[LABELS.inject] !== undefined) return unchanged(); // Its pods need that label.
  const template = spec.template.metadata;
  const present = template?.labels?.[LABELS.inject];
  const origin = labelOrigin(template);
  if (origin === 'user' && wanted !== undefined && present !== wanted) {
    return unchanged(
      `label ${LABELS.inject}=${wanted} has no effect: the pod template says ${shown(present ?? '')}, and that wins`,
    );
  }
  if (origin === 'user' || present === wanted) return unchanged();
  // It would only restart the database, and its operator may restore the template.
  const member = databaseMember(spec.template, metadata?.ownerReferences ?? []);
  if (wanted !== undefined && member !== undefined) {
    const warning = `label ${LABELS.inject}=true has no effect: each of its pods is ${member}`;
    return wanted === 'true' ? unchanged(warning) : unchanged();
  }
  if (wanted !== undefined) return propagated(template, wanted);
  return origin === 'namespace' ? unchanged() : takenBack(template);
}

function unchanged(...warnings: readonly string[]): LabelPropagation {
  return { change: 'none', patch: [], warnings };
}

function propagated(template: Pod['metadata'], value: string): LabelPropagation {
  const marks = {
    labels: { [LABELS.inject]: value },
    annotations: { [ANNOTATIONS.carriedLabel]: value },
  };
  return { change: 'carried', patch: at(TEMPLATE, mark(template, marks)), warnings: [] };
}

function takenBack(template: Pod['metadata']): LabelPropagation {
  const patch = [
    ...removeEntries('/metadata/labels', template?.labels, [LABELS.inject]),
    ...removeEntries('/metadata/annotations', template?.annotations, [ANNOTATIONS.carriedLabel]),
  ];
  return { change: 'taken-back', patch: at(TEMPLATE, patch), warnings: [] };
}

/** Warnings about the future pods for who applies the workload, as only its ReplicaSet would get them later. */
export function previewInjection(
  kind: string,
  workload: Workload,
  namespace: string,
  config: InjectorConfig,
  limits: readonly Limit[] = [],
): string[] {
  const asked = effectiveLabel(workload);
  if (asked === undefined) return [];
  const { template } = workload.spec;
  const labels = { ...template.metadata?.labels, [LABELS.inject]: asked };
  const pod: Pod = { ...template, metadata: { ...template.metadata, labels } };
  const injection = injectPod(pod, { namespace, namespaceAsks: false }, config);
  if (injection.kind === 'denied') {
    return injection.problems.map((problem) => `its pods will be refused: ${problem}`);
  }
  if (injection.kind === 'skipped')
    return isAsAsked(injection.reason) ? [] : [`its pods get no sidecar: ${injection.message}`];
  const violations = limitWarnings(pod, config.resources, limits);
  return [...injection.warnings, ...violations, ...stallWarnings(kind, workload)];
}

/** The inject label of the template after {@link propagateLabel}. */
function effectiveLabel({ metadata, spec: { template } }: Workload): string | undefined {
  const present = template.metadata?.labels?.[LABELS.inject];
  const wanted = readLabel(metadata?.labels) === 'unclear' ? undefined : metadata?.labels?.[LABELS.inject];
  switch (labelOrigin(template.metadata)) {
    case 'user':
      return present;
    case 'namespace':
      return wanted ?? present;
    case 'workload':
      return wanted;
    case 'nobody':
      return databaseMember(template, metadata?.ownerReferences ?? []) === undefined ? wanted : undefined;
  }
}
