type Absent = null | undefined;

/** The label that the API server puts on each namespace; its value is the name. */
export const NAMESPACE_NAME = 'kubernetes.io/metadata.name';

/** metav1.LabelSelector, as a manifest may have it. */
export interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>> | Absent;
  readonly matchExpressions?:
    | readonly {
        readonly key: string;
        readonly operator: string;
        readonly values?: readonly string[] | Absent;
      }[]
    | Absent;
}

/** Whether labels are selected. A selector without any requirement selects all, one with an unknown operator nothing. */
export function selects(
  { matchLabels, matchExpressions }: Selector,
  labels: Readonly<Record<string, string>> = {},
): boolean {
  return (
    Object.entries(matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
    (matchExpressions ?? []).every(({ key, operator, values }) => isMet(operator, values ?? [], labels[key]))
  );
}

function isMet(operator: string, values: readonly string[], value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}
