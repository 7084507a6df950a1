import type { KubeObject, ObjectKey } from '../../../kubernetes/api.ts';
import { parseKey } from '../../../kubernetes/object-index.ts';
import type { Reflector } from '../../../kubernetes/reflector.ts';
import { CONFIG_MAPS } from '../../../kubernetes/resources.ts';
import { reflect, type WatchPorts } from '../../watch/reflect.ts';
import type { WatchListener } from '../../watch/shared-reflector.ts';
import type { CopyMetadata } from './contents.ts';
import type { CopyNamespaces } from './namespaces.ts';

/**
 * Which namespaces want a copy, and which copies there are, from watches of metadata. Kept small: of a pod only the name of
 * its namespace, because there may be thousands; of a copy that it is there, because anybody can make one of any size.
 */
export class CopySources {
  readonly #namespaces: CopyNamespaces;
  readonly #copies: Reflector<KubeObject, CopyMetadata>;
  readonly #asking = new Set<string>();
  readonly #podsIn = new Map<string, number>();
  /** Called with a namespace where something has changed. */
  readonly #onChange: (namespace: string) => void;
  readonly #askingKnown = Promise.withResolvers<void>();
  readonly #podsKnown = Promise.withResolvers<void>();

  /** `name` and `labels`: those of the copies. */
  constructor(
    ports: WatchPorts,
    namespaces: CopyNamespaces,
    name: string,
    labels: Readonly<Record<string, string>>,
    onChange: (namespace: string) => void,
    onCopy: (key: Required<ObjectKey>) => void,
    onRestored: () => void,
  ) {
    this.#namespaces = namespaces;
    this.#onChange = onChange;
    this.#copies = reflect(ports, {
      resource: CONFIG_MAPS,
      // RBAC allows it by that name alone.
      fieldSelector: `metadata.name=${name}`,
      labelSelector: Object.entries(labels)
        .map(([name, value]) => `${name}=${value}`)
        .join(),
      metadataOnly: true,
      transform: copyMetadata,
      onRestored,
      onChange: (key, now, before) => onCopy((now ?? before)?.key ?? parseKey(key)),
    });
  }

  /** Resolves when everything was listed once: before that, nobody knows what is not wanted. */
  get synced(): Promise<unknown> {
    return Promise.all([this.#askingKnown.promise, this.#podsKnown.promise, this.#copies.synced]);
  }

  async run(abort: AbortSignal): Promise<void> {
    const { askingNamespaces: asking, namespacesOfPods: pods } = this.#namespaces;
    const namespaces: WatchListener<string> = {
      onChange: (name, now, before) => this.#onNamespace(name, now, before),
      onSynced: this.#askingKnown.resolve,
    };
    const podsOf: WatchListener<string> = {
      onChange: (_key, now, before) => {
        if (now === undefined) this.#count(before ?? '', -1);
        if (before === undefined) this.#count(now ?? '', 1);
      },
      onSynced: this.#podsKnown.resolve,
    };
    await Promise.all([
      asking.listen(namespaces, abort),
      pods.listen(podsOf, abort),
      this.#copies.run(abort),
    ]);
  }

  wants(namespace: string): boolean {
    return this.#asking.has(namespace) || this.#podsIn.has(namespace);
  }

  wanting(): Set<string> {
    return new Set([...this.#asking, ...this.#podsIn.keys()]);
  }

  copy({ namespace, name }: Required<ObjectKey>): CopyMetadata | undefined {
    return this.#copies.get(`${namespace}/${name}`);
  }

  copies(): Iterable<CopyMetadata> {
    return this.#copies.list();
  }

  #onNamespace(name: string, now: string | undefined, before: string | undefined): void {
    if (now) this.#asking.add(name);
    else this.#asking.delete(name);
    if (now !== before) this.#onChange(name);
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
