import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { ACTIVE_CONDITION } from '../../contract/routing.ts';
import { SIDECAR_CONTAINER } from '../../contract/sidecar.ts';
import { STATUS_VOLUME, TOKEN_VOLUME } from './container.ts';
import { isInjected } from './decision.ts';
import { readKept } from './kept.ts';
import { labelOrigin } from './label.ts';
import { type Operation, removeEntries, removeItems } from './patch.ts';
import type { Pod } from './shape.ts';

/**
 * Takes out of a pod or pod template all that injection put there, a carried label included, and nothing else. Lists
 * and maps that are empty afterwards go too: injection made them, or they said nothing.
 */
export function uninjectPod(pod: Pod): Operation[] {
  const gate = ownGate(pod);
  return [...unmark(pod, gate.label), ...(isInjected(pod) ? withdrawSidecar(pod, gate.readinessGate) : [])];
}

/** What injection added for the gate `condition`. */
function ownGate(pod: Pod): { readonly label: boolean; readonly readinessGate: boolean } {
  const isGated = isInjected(pod) && pod.metadata?.annotations?.[ANNOTATIONS.gate] === 'condition';
  const kept = readKept(pod.metadata);
  return {
    label: isGated && !kept.includes('label'),
    readinessGate: isGated && !kept.includes('readiness-gate'),
  };
}

function unmark(pod: Pod, hasGateLabel: boolean): Operation[] {
  const { metadata } = pod;
  const { labels, annotations } = metadata ?? {};
  const isCarried = ['workload', 'namespace'].includes(labelOrigin(metadata));
  const operations = [
    ...removeEntries('/metadata/labels', labels, [
      ...(isCarried ? [LABELS.inject] : []),
      ...(hasGateLabel ? [LABELS.gate] : []),
    ]),
    ...removeEntries('/metadata/annotations', annotations, [
      ...(isInjected(pod) ? [ANNOTATIONS.status, ANNOTATIONS.kept] : []),
      ...(isCarried ? [ANNOTATIONS.carriedLabel] : []),
    ]),
  ];
  const gone = operations.map(({ path }) => path.slice('/metadata/'.length));
  const nothingLeft = gone.length > 0 && Object.keys(metadata ?? {}).every((key) => gone.includes(key));
  return nothingLeft ? [{ op: 'remove', path: '/metadata' }] : operations;
}

function withdrawSidecar({ spec }: Pod, hasReadinessGate: boolean): Operation[] {
  const volumes = [TOKEN_VOLUME, STATUS_VOLUME];
  return [
    ...removeItems('/spec/initContainers', spec.initContainers, ({ name }) => name === SIDECAR_CONTAINER),
    ...removeItems('/spec/volumes', spec.volumes, ({ name }) => volumes.includes(name ?? '')),
    ...removeItems(
      '/spec/readinessGates',
      spec.readinessGates,
      ({ conditionType }) => hasReadinessGate && conditionType === ACTIVE_CONDITION,
    ),
  ];
}
