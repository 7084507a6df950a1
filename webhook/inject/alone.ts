import { NAMESPACE_NAME, type Selector, selects } from '../../kubernetes/selector.ts';
import type { Pod, ReadonlyDeep } from './shape.ts';

type Absent = null | undefined;
type Labels = Readonly<Record<string, string>>;

type Spec = Pick<Pod['spec'], 'containers' | 'initContainers' | 'nodeSelector' | 'affinity'>;

/** The part of a pod template that says where its pods can run. */
export type Placed = ReadonlyDeep<{ metadata?: { labels?: Labels | Absent } | Absent; spec?: Spec | Absent }>;

type Affinity = NonNullable<NonNullable<ReadonlyDeep<Spec>['affinity']>['podAntiAffinity']>;
type Term = NonNullable<Affinity['requiredDuringSchedulingIgnoredDuringExecution']>[number];

/** Labels that differ between revisions, whose pods then may run beside each other. */
const HASHES: readonly string[] = ['pod-template-hash', 'controller-revision-hash'];

type Chance = 'surely' | 'maybe' | 'never';

/**
 * Why an old pod and a new one cannot run on the same node: both want a port of it, or repel each other. So a new pod needs
 * a place without an old one, and there may be none. Undefined: they can.
 */
export function aloneBy(
  template: Placed | Absent,
  namespace: string | Absent,
): 'a hostPort keeps' | 'podAntiAffinity keeps' | 'podAntiAffinity may keep' | undefined {
  const { containers, initContainers, affinity } = template?.spec ?? {};
  const beside = (initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const isPort = [...(containers ?? []), ...beside].some(
    ({ ports }) => ports?.some(({ hostPort }) => (hostPort ?? 0) > 0) === true,
  );
  if (isPort) return 'a hostPort keeps';
  const terms = affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const labels = template?.metadata?.labels ?? {};
  const chances = terms.filter((term) => selectsAcross(term, labels)).map((term) => reaches(term, namespace));
  if (chances.includes('surely')) return 'podAntiAffinity keeps';
  return chances.includes('maybe') ? 'podAntiAffinity may keep' : undefined;
}

/** Whether a term selects pods with these labels, of any revision. */
function selectsAcross({ labelSelector, matchLabelKeys }: Term, labels: Labels): boolean {
  const isPerRevision = matchLabelKeys?.some((key) => HASHES.includes(key)) === true;
  // A term without a selector selects no pod.
  if (isPerRevision || labelSelector === null || labelSelector === undefined) return false;
  return selects(labelSelector, labels);
}

/** Whether a term applies to pods of this namespace: it is listed or selected, or the term has none. */
function reaches({ namespaces, namespaceSelector }: Term, namespace: string | Absent): Chance {
  const listed = namespaces ?? [];
  const selector = namespaceSelector ?? undefined;
  if (listed.length === 0 && selector === undefined) return 'surely';
  if (namespace && listed.includes(namespace)) return 'surely';
  const selected = selector === undefined ? 'never' : isSelected(selector, namespace);
  return selected === 'never' && !namespace && listed.length > 0 ? 'maybe' : selected;
}

/** By the name of the namespace, as its other labels are unknown here. */
function isSelected({ matchLabels, matchExpressions }: Selector, namespace: string | Absent): Chance {
  const expressions = matchExpressions ?? [];
  const name = matchLabels?.[NAMESPACE_NAME];
  const byName: Selector = {
    ...(name !== undefined && { matchLabels: { [NAMESPACE_NAME]: name } }),
    matchExpressions: expressions.filter(({ key }) => key === NAMESPACE_NAME),
  };
  if (namespace && !selects(byName, { [NAMESPACE_NAME]: namespace })) return 'never';
  const keys = [...Object.keys(matchLabels ?? {}), ...expressions.map(({ key }) => key)];
  return keys.every((key) => namespace && key === NAMESPACE_NAME) ? 'surely' : 'maybe';
}
