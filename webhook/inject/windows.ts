import type { Nodes, NodeTerm } from './pinned.ts';
import type { Pod } from './shape.ts';

const OS_LABEL = 'kubernetes.io/os';
/** The name until Kubernetes 1.14; kubelets still set it, and charts still select by it. */
const OLD_OS_LABEL = 'beta.kubernetes.io/os';
/** Only Windows nodes have it. */
const WINDOWS_BUILD = 'node.kubernetes.io/windows-build';

const OS_LABELS: readonly string[] = [OS_LABEL, OLD_OS_LABEL];

/** Whether a pod can only run on Windows nodes, by any of the ways to say so. */
export function isForWindows({ os, nodeSelector, affinity }: Nodes & Pick<Pod['spec'], 'os'>): boolean {
  if (os?.name === 'windows') return true;
  if (OS_LABELS.some((label) => nodeSelector?.[label] === 'windows')) return true;
  if (nodeSelector?.[WINDOWS_BUILD] !== undefined) return true;
  const terms =
    affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  // A node has to match only one of them, so all have to require Windows.
  return (
    terms.length > 0 && terms.every(({ matchExpressions }) => matchExpressions?.some(wantsWindows) === true)
  );
}

function wantsWindows({ key, operator, values }: NonNullable<NodeTerm['matchExpressions']>[number]): boolean {
  if (key === WINDOWS_BUILD) return operator === 'In' || operator === 'Exists';
  if (!OS_LABELS.includes(key)) return false;
  if (operator === 'In') return values?.every((value) => value === 'windows') === true;
  return operator === 'NotIn' && values?.includes('linux') === true;
}

const labels = OS_LABELS.map((label) => `'${label}'`).join(', ');
const values = 'e.?values.orValue([])';
const wants = [
  `e.key == '${WINDOWS_BUILD}' && e.operator in ['In', 'Exists']`,
  `e.key in [${labels}] && e.operator == 'In' && ${values}.all(v, v == 'windows')`,
  `e.key in [${labels}] && e.operator == 'NotIn' && 'linux' in ${values}`,
].join(' || ');
const terms =
  'object.spec.?affinity.?nodeAffinity.?requiredDuringSchedulingIgnoredDuringExecution.?nodeSelectorTerms.orValue([])';

/** {@link isForWindows} of a pod in CEL. */
export const IS_FOR_WINDOWS = [
  `object.spec.?os.?name.orValue('') == 'windows'`,
  ...OS_LABELS.map((label) => `object.spec.?nodeSelector[?'${label}'].orValue('') == 'windows'`),
  `object.spec.?nodeSelector[?'${WINDOWS_BUILD}'].hasValue()`,
  `${terms}.size() > 0 && ${terms}.all(t, t.?matchExpressions.orValue([]).exists(e, ${wants}))`,
]
  .map((one) => `(${one})`)
  .join(' || ');
