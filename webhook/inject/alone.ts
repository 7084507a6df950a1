import { type Selector, selects } from '../../kubernetes/selector.ts';

import type { Nodes } from './pinned.ts';

type Absent = null | undefined;
type Labels = Readonly<Record<string, string>>;

interface Container {
  readonly restartPolicy?: string | Absent;
  readonly ports?: readonly { readonly hostPort?: number | Absent }[] | Absent;
}

interface Term {
  readonly labelSelector?: Selector | Absent;
  readonly matchLabelKeys?: readonly string[] | Absent;
  /** Where neither is said, the pod's own. */
  readonly namespaces?: readonly string[] | Absent;
  readonly namespaceSelector?: Selector | Absent;
}

/** A pod template, as far as it says where its pods can run. */
export interface Placed {
  readonly metadata?: { readonly labels?: Labels | Absent } | Absent;
  readonly spec?:
    | (Nodes & {
        readonly containers?: readonly Container[] | Absent;
        readonly initContainers?: readonly Container[] | Absent;
        readonly affinity?:
          | {
              readonly podAntiAffinity?:
                | { readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly Term[] | Absent }
                | Absent;
            }
          | Absent;
      })
    | Absent;
}

/** What tells pods of different templates apart, which then may stand beside each other. */
const HASHES: readonly string[] = ['pod-template-hash', 'controller-revision-hash'];

/** The API server puts it on each namespace. */
const NAMESPACE_NAME = 'kubernetes.io/metadata.name';

type Chance = 'surely' | 'maybe' | 'never';

/**
 * Why an old pod and a new one cannot run in one place, as they want the same port of a node, or nobody like them near.
 * So what is made in advance waits for a place that no old pod has, and there may be none. Undefined: they can.
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

/** Whether a term is about pods of these labels, of whichever revision. */
function selectsAcross({ labelSelector, matchLabelKeys }: Term, labels: Labels): boolean {
  const isPerRevision = matchLabelKeys?.some((key) => HASHES.includes(key)) === true;
  // A term without a selector is about no pod.
  if (isPerRevision || labelSelector === null || labelSelector === undefined) return false;
  return selects(labelSelector, labels);
}

/** Whether a term is about pods of this namespace: one that is listed or selected, or its own. */
function reaches({ namespaces, namespaceSelector }: Term, namespace: string | Absent): Chance {
  const listed = namespaces ?? [];
  const selector = namespaceSelector ?? undefined;
  if (listed.length === 0 && selector === undefined) return 'surely';
  if (namespace && listed.includes(namespace)) return 'surely';
  const selected = selector === undefined ? 'never' : isSelected(selector, namespace);
  return selected === 'never' && !namespace && listed.length > 0 ? 'maybe' : selected;
}

/** As far as the name of the namespace tells it: nobody knows its other labels here. */
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
