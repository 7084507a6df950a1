import type { Pod, ReadonlyDeep } from './shape.ts';

/** The part of a pod template that selects nodes. */
export type Nodes = ReadonlyDeep<Pick<Pod['spec'], 'nodeSelector' | 'affinity'>>;

type Affinity = NonNullable<NonNullable<Nodes['affinity']>['nodeAffinity']>;
export type NodeTerm = NonNullable<
  Affinity['requiredDuringSchedulingIgnoredDuringExecution']
>['nodeSelectorTerms'][number];

/** Labels that do not separate sites. */
const OF_ANY_SITE = /^((beta\.)?kubernetes\.io\/(os|arch)|(beta\.)?node(-role)?\.kubernetes\.io\/.+)$/;

/**
 * What may keep all pods of a workload on one site: it requires one value of a node label, and any label may separate the
 * sites. Then all of them are standby at once.
 */
export function pinnedBy(nodes: Nodes | null | undefined): 'nodeSelector' | 'nodeAffinity' | undefined {
  if (Object.keys(nodes?.nodeSelector ?? {}).some(maySeparate)) return 'nodeSelector';
  const required = nodes?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  // A node has to match only one of the terms.
  const [first = [], ...others] = (required?.nodeSelectorTerms ?? []).map(pinsOf);
  return [...first].some((pin) => others.every((pins) => pins.has(pin))) ? 'nodeAffinity' : undefined;
}

function pinsOf({ matchExpressions, matchFields }: NodeTerm): ReadonlySet<string> {
  const pins = [...(matchExpressions ?? []), ...(matchFields ?? [])]
    .filter(({ key, operator, values }) => operator === 'In' && values?.length === 1 && maySeparate(key))
    .map(({ key, values }) => `${key}=${values?.join()}`);
  return new Set(pins);
}

function maySeparate(key: string): boolean {
  return !OF_ANY_SITE.test(key);
}
