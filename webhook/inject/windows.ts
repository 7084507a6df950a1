import type { NodeTerms } from './shape.ts';

export const OS_LABEL = 'kubernetes.io/os';
/** Kubelets put it on Windows nodes alone. */
const WINDOWS_BUILD = 'node.kubernetes.io/windows-build';

interface Placed {
  readonly os?: { readonly name?: string | null | undefined } | null | undefined;
  readonly nodeSelector?: Readonly<Record<string, string>> | null | undefined;
  readonly affinity?: NodeTerms | undefined;
}

/** Whether a pod may run on Windows nodes alone, by whichever of the ways to say so. */
export function isForWindows({ os, nodeSelector, affinity }: Placed): boolean {
  if (os?.name === 'windows' || nodeSelector?.[OS_LABEL] === 'windows') return true;
  if (nodeSelector?.[WINDOWS_BUILD] !== undefined) return true;
  const terms =
    affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  // One of them is enough for a node, so all have to say it.
  return (
    terms.length > 0 && terms.every(({ matchExpressions }) => matchExpressions?.some(wantsWindows) === true)
  );
}

function wantsWindows({ key, operator, values }: NodeRequirement): boolean {
  if (key === WINDOWS_BUILD) return operator === 'In' || operator === 'Exists';
  if (key !== OS_LABEL) return false;
  if (operator === 'In') return values?.every((value) => value === 'windows') === true;
  return operator === 'NotIn' && values?.includes('linux') === true;
}

interface NodeRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[] | null | undefined;
}
