type Labels = Readonly<Record<string, string>>;

/** Anybody may give a pod a megabyte of labels, and there may be thousands of such pods. */
const MAX_LABELS = 256;
const MAX_OWNERS = 16;

/** None of a pod that has so many: it is behind no Service that follows, and no member of anything that is followed. */
export function boundedLabels(labels: Labels): Labels {
  return Object.keys(labels).length > MAX_LABELS ? {} : labels;
}

export function boundedOwners<T>(owners: readonly T[]): readonly T[] {
  return owners.slice(0, MAX_OWNERS);
}
