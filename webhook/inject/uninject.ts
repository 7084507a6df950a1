import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { ACTIVE_CONDITION } from '../../contract/routing.ts';
import { SIDECAR_CONTAINER } from '../../contract/sidecar.ts';
import { STATUS_VOLUME, TOKEN_VOLUME } from './container.ts';
import { INJECTED, isInjected } from './decision.ts';
import { labelOrigin } from './label.ts';
import { type Operation, removeEntries, removeItems } from './patch.ts';
import type { Pod } from './shape.ts';

/**
 * Takes out of a pod or pod template all that injection put there, a carried label included. Lists and maps that are
 * empty afterwards go too: injection made them, or they said nothing.
 */
export function uninjectPod(pod: Pod): Operation[] {
  return [...unmark(pod.metadata), ...(isInjected(pod) ? withdrawSidecar(pod) : [])];
}

function unmark(metadata: Pod['metadata']): Operation[] {
  const { labels, annotations } = metadata ?? {};
  const isCarried = ['workload', 'namespace'].includes(labelOrigin(metadata));
  const operations = [
    ...removeEntries('/metadata/labels', labels, [
      ...(isCarried ? [LABELS.inject] : []),
      ...(annotations?.[ANNOTATIONS.status] === INJECTED ? [LABELS.gate] : []),
    ]),
    ...removeEntries('/metadata/annotations', annotations, [ANNOTATIONS.status, ANNOTATIONS.carriedLabel]),
  ];
  const gone = operations.map(({ path }) => path.slice('/metadata/'.length));
  const nothingLeft = gone.length > 0 && Object.keys(metadata ?? {}).every((key) => gone.includes(key));
  return nothingLeft ? [{ op: 'remove', path: '/metadata' }] : operations;
}

function withdrawSidecar({ spec }: Pod): Operation[] {
  const volumes = [TOKEN_VOLUME, STATUS_VOLUME];
  return [
    ...removeItems('/spec/initContainers', spec.initContainers, ({ name }) => name === SIDECAR_CONTAINER),
    ...removeItems('/spec/volumes', spec.volumes, ({ name }) => volumes.includes(name ?? '')),
    ...removeItems(
      '/spec/readinessGates',
      spec.readinessGates,
      ({ conditionType }) => conditionType === ACTIVE_CONDITION,
    ),
  ];
}
