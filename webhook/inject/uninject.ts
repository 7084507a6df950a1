import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { ACTIVE_CONDITION } from '../../contract/routing.ts';
import { SIDECAR_CONTAINER } from '../../contract/sidecar.ts';
import { shown } from '../../kubernetes/cut.ts';
import { STATUS_VOLUME, TOKEN_VOLUME } from './container.ts';
import { isInjected } from './decision.ts';
import { readKept } from './kept.ts';
import { labelOrigin } from './label.ts';
import { type Operation, removeEntries, removeItems } from './patch.ts';
import { containersOf, type Pod } from './shape.ts';

const OWN_VOLUMES: readonly string[] = [TOKEN_VOLUME, STATUS_VOLUME];

/**
 * Removes what injection added to a pod or pod template, a propagated label included. Lists and maps that become empty are
 * removed, too: injection created them, or they were empty before.
 */
export function uninjectPod(pod: Pod): Operation[] {
  const gate = ownGate(pod);
  return [...unmark(pod, gate.label), ...(isInjected(pod) ? withdrawSidecar(pod, gate.readinessGate) : [])];
}

/** Warns of mounts of volumes that are removed with the sidecar, which the user has to remove. */
export function orphanedMounts(pod: Pod): string[] {
  if (!isInjected(pod)) return [];
  const others = containersOf(pod).filter(({ name }) => name !== SIDECAR_CONTAINER);
  return others.flatMap(({ name, volumeMounts }) =>
    OWN_VOLUMES.filter((volume) => volumeMounts?.some((mount) => mount.name === volume)).map(
      (volume) =>
        `container ${shown(name ?? '')} mounts the volume ${volume}, which goes with the sidecar: take that mount out, or the pod is refused`,
    ),
  );
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
  return [
    ...removeItems('/spec/initContainers', spec.initContainers, ({ name }) => name === SIDECAR_CONTAINER),
    ...removeItems('/spec/volumes', spec.volumes, ({ name }) => OWN_VOLUMES.includes(name ?? '')),
    ...removeItems(
      '/spec/readinessGates',
      spec.readinessGates,
      ({ conditionType }) => hasReadinessGate && conditionType === ACTIVE_CONDITION,
    ),
  ];
}
