import { LABELS } from '../../contract/names.ts';

export type Asked = 'yes' | 'no' | 'unsaid' | 'unclear';

/** What the inject label of a pod, a workload or a namespace says. */
export function readLabel(labels: Readonly<Record<string, string>> | null | undefined): Asked {
  const value = labels?.[LABELS.inject];
  if (value === undefined) return 'unsaid';
  if (value === 'true') return 'yes';
  return value === 'false' ? 'no' : 'unclear';
}
