import type { ConfigMap } from '../../kubernetes/resources.ts';

export interface CopyWish {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
  /** Namespaces that shall have a copy. */
  readonly wanted: readonly string[];
  /** The copies that exist, by our labels. */
  readonly found: readonly ConfigMap[];
}

export interface CopyStep {
  readonly action: 'create' | 'replace' | 'delete';
  readonly namespace: string;
  readonly object: ConfigMap;
}

/** What has to be done so that each wanted namespace has one equal copy and no other namespace has one. */
export function planCopies({ name, labels, data, wanted, found }: CopyWish): CopyStep[] {
  const steps: CopyStep[] = [];
  const missing = new Set(wanted);
  for (const object of found) {
    const { namespace = '' } = object.metadata;
    if (object.metadata.name !== name || !missing.delete(namespace)) {
      steps.push({ action: 'delete', namespace, object });
    } else if (!isEqual(object.data ?? {}, data)) {
      steps.push({ action: 'replace', namespace, object: { ...object, data } });
    }
  }
  for (const namespace of missing) {
    const object = { metadata: { name, namespace, labels }, data };
    steps.push({ action: 'create', namespace, object });
  }
  return steps;
}

function isEqual(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
