import { databaseMember } from '../../contract/databases.ts';
import { LABELS } from '../../contract/names.ts';
import type { KubeObject, ObjectKey } from '../../kubernetes/api.ts';
import { parseKey } from '../../kubernetes/object-index.ts';
import type { Reflector } from '../../kubernetes/reflector.ts';
import { CONFIG_MAPS, NAMESPACES, PODS } from '../../kubernetes/resources.ts';
import { reflect, type WatchPorts } from '../reflect.ts';
import type { CopyMetadata } from './copy-contents.ts';

/**
 * Which namespaces want a copy, and which copies there are, from watches of metadata. Kept small: of a pod only the name of
 * its namespace, because there may be thousands; of a copy that it is there, because anybody can make one of any size.
 */
export class CopySources {
  readonly #asking: Reflector<KubeObject, string>;
  readonly #pods: Reflector<KubeObject, string>;
  readonly #copies: Reflector<KubeObject, CopyMetadata>;
  readonly #podsIn = new Map<string, number>();
  /** Called with a namespace where something has changed. */
  readonly #onChange: (namespace: string) => void;

  /** `name` and `labels`: those of the copies. */
  constructor(
    ports: WatchPorts,
    name: string,
    labels: Readonly<Record<string, string>>,
    onChange: (namespace: string) => void,
    onCopy: (key: Required<ObjectKey>) => void,
    onPutBack: () => void,
  ) {
    this.#onChange = onChange;
    this.#asking = reflect(ports, {
      resource: NAMESPACES,
      labelSelector: `${LABELS.status}=true`,
      metadataOnly: true,
      transform: nameUnlessDeleting,
      onChange: (name, now, before) => {
        if (now !== before) onChange(name);
      },
    });
    this.#pods = reflect(ports, {
      resource: PODS,
      labelSelector: `${LABELS.inject}=true`,
      metadataOnly: true,
      transform: (pod) => (databaseMember(pod) === undefined ? (pod.metadata.namespace ?? '') : ''),
      onChange: (_key, now, before) => {
        if (now === undefined) this.#count(before ?? '', -1);
        if (before === undefined) this.#count(now ?? '', 1);
      },
    });
    this.#copies = reflect(ports, {
      resource: CONFIG_MAPS,
      // RBAC allows it by that name alone.
      fieldSelector: `metadata.name=${name}`,
      labelSelector: Object.entries(labels)
        .map(([name, value]) => `${name}=${value}`)
        .join(),
      metadataOnly: true,
      transform: copyMetadata,
      onPutBack,
      onChange: (key, now, before) => onCopy((now ?? before)?.key ?? parseKey(key)),
    });
  }

  /** Resolves when everything was listed once: before that, nobody knows what is not wanted. */
  get synced(): Promise<unknown> {
    return Promise.all([this.#asking.synced, this.#pods.synced, this.#copies.synced]);
  }

  async run(abort: AbortSignal): Promise<void> {
    await Promise.all([this.#asking.run(abort), this.#pods.run(abort), this.#copies.run(abort)]);
  }

  wants(namespace: string): boolean {
    return (this.#asking.get(namespace) ?? '') !== '' || this.#podsIn.has(namespace);
  }

  wanting(): Set<string> {
    const namespaces = new Set([...this.#asking.list(), ...this.#podsIn.keys()]);
    namespaces.delete('');
    return namespaces;
  }

  copy({ namespace, name }: Required<ObjectKey>): CopyMetadata | undefined {
    return this.#copies.get(`${namespace}/${name}`);
  }

  copies(): Iterable<CopyMetadata> {
    return this.#copies.list();
  }

  #count(namespace: string, change: 1 | -1): void {
    if (namespace === '') return;
    const count = (this.#podsIn.get(namespace) ?? 0) + change;
    if (count > 0) this.#podsIn.set(namespace, count);
    else this.#podsIn.delete(namespace);
    if (count === 0 || (count === 1 && change === 1)) this.#onChange(namespace);
  }
}

export function copyMetadata({ metadata }: KubeObject): CopyMetadata {
  const { namespace = '', name, uid = '', resourceVersion: version = '', deletionTimestamp } = metadata;
  return { key: { namespace, name }, uid, version, isEnding: deletionTimestamp !== undefined };
}

/** Nothing can be created in a namespace that is being deleted. */
function nameUnlessDeleting({ metadata }: KubeObject): string {
  return metadata.deletionTimestamp === undefined ? metadata.name : '';
}
