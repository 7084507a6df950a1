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
  /** Of others than the pod's own. */
  readonly namespaces?: readonly string[] | Absent;
  readonly namespaceSelector?: object | Absent;
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

/**
 * Why an old pod and a new one cannot run in one place, as they want the same port of a node, or nobody like them near.
 * So what is made in advance waits for a place that no old pod has, and there may be none. Undefined: they can.
 */
export function aloneBy(template: Placed | Absent): 'a hostPort' | 'podAntiAffinity' | undefined {
  const { containers, initContainers, affinity } = template?.spec ?? {};
  const beside = (initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const isPort = [...(containers ?? []), ...beside].some(
    ({ ports }) => ports?.some(({ hostPort }) => (hostPort ?? 0) > 0) === true,
  );
  if (isPort) return 'a hostPort';
  const terms = affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const labels = template?.metadata?.labels ?? {};
  return terms.some((term) => keepsOff(term, labels)) ? 'podAntiAffinity' : undefined;
}

function keepsOff(
  { labelSelector, matchLabelKeys, namespaces, namespaceSelector }: Term,
  labels: Labels,
): boolean {
  const isElsewhere = (namespaces ?? []).length > 0 || (namespaceSelector ?? undefined) !== undefined;
  const isPerRevision = matchLabelKeys?.some((key) => HASHES.includes(key)) === true;
  // A term without a selector is about no pod.
  if (isElsewhere || isPerRevision || labelSelector === null || labelSelector === undefined) return false;
  return selects(labelSelector, labels);
}
