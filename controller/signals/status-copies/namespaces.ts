import { databaseMember } from '../../../contract/databases.ts';
import { LABELS } from '../../../contract/names.ts';
import type { KubeObject } from '../../../kubernetes/api.ts';
import { NAMESPACES, PODS } from '../../../kubernetes/resources.ts';
import type { WatchPorts } from '../../watch/reflect.ts';
import { SharedReflector } from '../../watch/shared-reflector.ts';

/** What says which namespaces want a copy, for all followers. */
export interface CopyNamespaces {
  /** The name of each namespace that asks for one; empty: it is being deleted. */
  readonly askingNamespaces: SharedReflector<KubeObject, string>;
  /** The namespace of each pod that is to have the sidecar; empty: it is one of a database, and never gets it. */
  readonly namespacesOfPods: SharedReflector<KubeObject, string>;
}

export function askingNamespaces(ports: WatchPorts): CopyNamespaces['askingNamespaces'] {
  return new SharedReflector(ports, {
    resource: NAMESPACES,
    labelSelector: `${LABELS.status}=true`,
    metadataOnly: true,
    transform: nameUnlessDeleting,
  });
}

export function namespacesOfPods(ports: WatchPorts): CopyNamespaces['namespacesOfPods'] {
  return new SharedReflector(ports, {
    resource: PODS,
    labelSelector: `${LABELS.inject}=true`,
    metadataOnly: true,
    transform: (pod: KubeObject) => (databaseMember(pod) === undefined ? (pod.metadata.namespace ?? '') : ''),
  });
}

/** Nothing can be created in a namespace that is being deleted. */
function nameUnlessDeleting({ metadata }: KubeObject): string {
  return metadata.deletionTimestamp === undefined ? metadata.name : '';
}
